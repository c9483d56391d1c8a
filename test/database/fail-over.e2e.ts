import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CliCheckout, ONE_LINE } from '../cli/cli-checkout.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { killAll } from '../support/postgres-outage.js';
import { migrateAll, type PostgresServer, runSql, startPostgres } from '../support/postgres-server.js';
import { promote, startStandby, withHosts } from '../support/postgres-standby.js';

let checkout: CliCheckout;
let primary: PostgresServer;
let standby: PostgresServer;
/** The standby is the first one. */
let url: string;
let idp: TestIdentityProvider;
beforeAll(async () => {
  [checkout, primary] = await Promise.all([CliCheckout.make(), startPostgres({ max_connections: '100' })]);
  await migrateAll(primary.url);
  standby = await startStandby(primary);
  url = withHosts(standby.url, primary.url);
  idp = await startTestIdentityProvider({ databaseUrl: url, authorityFeedToken: 'token-of-the-feed' });
});
afterAll(async () => {
  await idp?.close();
  await standby?.close();
  await primary?.close();
  await checkout?.close();
});

const twinkey = (args: string[], databaseUrl: string) =>
  checkout.twinkey(args, { ENVIRONMENT: 'production', DATABASE_URL: databaseUrl });

it('commands find the primary among several hosts', async () => {
  const status = await twinkey(['migrate'], url);
  expect(status).toMatchObject({ code: 0, stderr: '' });
  const { stdout } = await twinkey(['doctor', 'identity-provider', '--json'], url);
  expect(JSON.parse(stdout).checks).toContainEqual(
    expect.objectContaining({
      name: 'database.identity',
      status: 'ok',
      message: expect.stringContaining(new URL(standby.url).host),
    }),
  );
});

it.each([
  [
    'no server',
    (own: string) => withHosts(own.replace(/:\d+\//, ':1/'), own.replace(/:\d+\//, ':2/')),
    /No primary among 127\.0\.0\.1:1 \(.*ECONNREFUSED.*\), 127\.0\.0\.1:2/,
  ],
  ['only a standby', (own: string) => withHosts(own, own.replace(/:\d+\//, ':1/')), /is a standby.*promote/i],
  [
    'a wrong password',
    (own: string) => withHosts(own, own).replace(/:[^:@]+@/, ':wr0ng-p4ss@'),
    /password authentication failed.*Correct user and password/,
  ],
  ['an empty host', (own: string) => own.replace('@', '@,'), /must name each of its hosts/],
  ['a bad port', (own: string) => own.replace('@', '@a:x,'), /must name each of its hosts/],
])('a list of hosts with %s is refused in one line', async (_, make, reason) => {
  const bad = make(standby.url);
  const { code, stderr } = await twinkey(['migrate', 'status'], bad);
  expect(code).toBe(1);
  expect(stderr).toMatch(ONE_LINE);
  expect(stderr).toMatch(reason);
  expect(stderr).not.toContain(new URL(standby.url).password);
  expect(stderr).not.toContain('wr0ng');
});

it('writes go on within 10 s of a promotion, without a restart, and so does the feed', async () => {
  const { api: admin, account } = await idp.signIn(['*']);
  const created = await admin.post('/roles', { name: 'before' });
  expect(created.status).toBe(201);
  const feed = () => idp.api.as('token-of-the-feed').get('/authority', { accept: 'application/json' });
  // The standby has to have the session.
  await vi.waitFor(async () => {
    expect(await runSql(standby.url, `SELECT FROM identity.roles WHERE name = 'before'`)).toHaveLength(1);
    expect(
      await runSql(standby.url, `SELECT FROM identity.accounts WHERE id = '${account.id}'`),
    ).toHaveLength(1);
  });
  expect((await feed()).status).toBe(200);

  await killAll(primary);
  const outage = await admin.post('/roles', { name: 'during' });
  expect(outage.status).toBe(503);
  await promote(standby);
  const since = performance.now();
  let status = 0;
  for (let attempt = 0; status !== 201 && performance.now() - since < 10_000; attempt++) {
    status = (await admin.post('/roles', { name: `after-${attempt}` })).status;
    if (status !== 201) await sleep(100);
  }
  expect(status).toBe(201);
  await vi.waitFor(async () => expect((await feed()).status).toBe(200), { timeout: 10_000 });
  expect((await admin.get('/roles?q=before')).data).toHaveLength(1);
});
