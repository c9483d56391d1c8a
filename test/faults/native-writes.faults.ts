import { afterAll, beforeAll } from 'vitest';
import { Account } from '#libs/database/identity/account.entity.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type BrokenWrites, testBrokenWrites } from './support/broken-writes.scenarios.js';
import { Replica } from './support/replica.js';
import { databaseThrough, logIn, openTestEnvironment } from './support/test-environment.js';

const closers: (() => Promise<unknown>)[] = [];
let writes: BrokenWrites;
beforeAll(async () => {
  const environment = await openTestEnvironment();
  closers.push(environment.close);
  const identityProvider = await Replica.start(environment.checkout, 'identity-provider', environment.env);
  closers.push(() => identityProvider.kill());
  const directory = await TcpProxy.start(identityProvider.identityProvider);
  closers.push(() => directory.close());
  const database = await TcpProxy.start(environment.postgres.url);
  closers.push(() => database.close());
  const userService = await Replica.start(environment.checkout, 'user-service', {
    ...environment.env,
    IDENTITY_PROVIDER_URL: directory.url,
    DATABASE_URL: databaseThrough(database, environment.postgres.url),
  });
  closers.push(() => userService.kill());
  const { id, email } = await environment.account('user');
  writes = {
    issuer: 'native',
    userService,
    directory,
    database,
    change: /^PATCH \/api\/v1\/auth\/me /,
    token: await logIn(identityProvider.identityProvider, { email }),
    nameAtOwner: async () => (await environment.identity.manager.findOneByOrFail(Account, { id })).lastName,
  };
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

testBrokenWrites(() => writes);
