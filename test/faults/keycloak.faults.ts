import { afterAll, beforeAll } from 'vitest';
import { createRealm, keycloakEnv } from '../support/keycloak.js';
import { startOwnKeycloak } from '../support/keycloak-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { testFlood } from './keycloak/flood.js';
import { testOutages } from './keycloak/outages.js';
import type { KeycloakSite } from './keycloak/site.js';
import { type BrokenWrites, testBrokenWrites } from './support/broken-writes.js';
import { Replica } from './support/replica.js';
import { databaseThrough, openStand } from './support/stand.js';

const closers: (() => Promise<unknown>)[] = [];
let site: KeycloakSite;
let writes: BrokenWrites;
beforeAll(async () => {
  // The one starts, the other too: neither is left behind where one fails.
  const [stand, keycloak] = await Promise.all([
    openStand().then((stand) => {
      closers.push(stand.close);
      return stand;
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
  const database = await TcpProxy.start(stand.postgres.url);
  closers.push(() => database.close());
  const replica = await Replica.start(stand.checkout, 'user-service', {
    ...stand.env,
    // In production Keycloak's address would have to be https.
    ENVIRONMENT: 'test',
    DATABASE_URL: databaseThrough(database, stand.postgres.url),
    ...keycloakEnv(realm, { internalUrl: proxy.url }),
  });
  closers.push(() => replica.kill());
  site = { keycloak, realm, person, proxy, replica };
  writes = {
    issuer: 'Keycloak',
    userService: replica,
    directory: proxy,
    database,
    change: /^PUT \/admin\/realms\//,
    token: await realm.passwordToken(person),
    ownersName: async () => (await realm.getUser(person.id))?.lastName,
  };
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

testFlood(() => site);
testBrokenWrites(() => writes);
testOutages(() => site);
