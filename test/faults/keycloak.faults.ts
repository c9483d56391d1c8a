import { afterAll, beforeAll } from 'vitest';
import { createRealm, keycloakEnv } from '../support/keycloak.js';
import { startOwnKeycloak } from '../support/keycloak-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { testFlood } from './keycloak/flood.scenario.js';
import type { KeycloakSetup } from './keycloak/keycloak-setup.js';
import { testOutages } from './keycloak/outages.scenarios.js';
import { type BrokenWrites, testBrokenWrites } from './support/broken-writes.scenarios.js';
import { Replica } from './support/replica.js';
import { databaseThrough, openTestEnvironment } from './support/test-environment.js';

const closers: (() => Promise<unknown>)[] = [];
let setup: KeycloakSetup;
let writes: BrokenWrites;
beforeAll(async () => {
  // Both start in parallel; if one fails, the other is closed as well.
  const [environment, keycloak] = await Promise.all([
    openTestEnvironment().then((environment) => {
      closers.push(environment.close);
      return environment;
    }),
    startOwnKeycloak().then((keycloak) => {
      closers.push(keycloak.close);
      return keycloak;
    }),
  ]);
  const realm = await createRealm({ accessTokenLifespan: 3_600 }, keycloak.keycloak);
  const person = await realm.createUser();
  const proxy = await TcpProxy.start(keycloak.keycloak.url);
  closers.push(() => proxy.close());
  const database = await TcpProxy.start(environment.postgres.url);
  closers.push(() => database.close());
  const replica = await Replica.start(environment.checkout, 'user-service', {
    ...environment.env,
    // In production Keycloak's URL must be https.
    ENVIRONMENT: 'test',
    DATABASE_URL: databaseThrough(database, environment.postgres.url),
    ...keycloakEnv(realm, { internalUrl: proxy.url }),
  });
  closers.push(() => replica.kill());
  setup = { keycloak, realm, person, proxy, replica };
  writes = {
    issuer: 'Keycloak',
    userService: replica,
    directory: proxy,
    database,
    change: /^PUT \/admin\/realms\//,
    token: await realm.passwordToken(person),
    nameAtOwner: async () => (await realm.getUser(person.id))?.lastName,
  };
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

testFlood(() => setup);
testBrokenWrites(() => writes);
testOutages(() => setup);
