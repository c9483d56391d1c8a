import { afterAll, beforeAll } from 'vitest';
import { Account } from '#libs/database/identity/account.entity.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type BrokenWrites, testBrokenWrites } from './support/broken-writes.js';
import { Replica } from './support/replica.js';
import { databaseThrough, logIn, openStand } from './support/stand.js';

const closers: (() => Promise<unknown>)[] = [];
let writes: BrokenWrites;
beforeAll(async () => {
  const stand = await openStand();
  closers.push(stand.close);
  const identityProvider = await Replica.start(stand.checkout, 'identity-provider', stand.env);
  closers.push(() => identityProvider.kill());
  const directory = await TcpProxy.start(identityProvider.identityProvider);
  closers.push(() => directory.close());
  const database = await TcpProxy.start(stand.postgres.url);
  closers.push(() => database.close());
  const userService = await Replica.start(stand.checkout, 'user-service', {
    ...stand.env,
    IDENTITY_PROVIDER_URL: directory.url,
    DATABASE_URL: databaseThrough(database, stand.postgres.url),
  });
  closers.push(() => userService.kill());
  const { id, email } = await stand.account('user');
  writes = {
    issuer: 'native',
    userService,
    directory,
    database,
    change: /^PATCH \/api\/v1\/auth\/me /,
    token: await logIn(identityProvider.identityProvider, { email }),
    ownersName: async () => (await stand.identity.manager.findOneByOrFail(Account, { id })).lastName,
  };
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

testBrokenWrites(() => writes);
