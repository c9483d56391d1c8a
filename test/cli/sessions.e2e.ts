import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { CliCheckout, ONE_LINE } from './cli-checkout.js';

let checkout: CliCheckout;
let idp: TestIdentityProvider;
beforeAll(async () => {
  checkout = await CliCheckout.make();
  idp = await startTestIdentityProvider();
});
afterAll(async () => {
  await idp?.close();
  await checkout?.close();
});

const sessions = async (...args: string[]) =>
  checkout.twinkey(['sessions', ...args], { DATABASE_URL: idp.settings.databaseUrl });
const listed = async (account: string) =>
  JSON.parse((await sessions('list', '--account', account, '--json')).stdout);

it('sessions list shows the live sessions of an account, by email in any case or by id', async () => {
  const { account, api } = await idp.signIn([]);
  await idp.signIn([]);
  await idp.sessionOf(account);
  await idp.database.query(
    `INSERT INTO identity.sessions (id, account_id, expires_at) VALUES (gen_random_uuid(), $1, now() - interval '1 s')`,
    [account.id],
  );
  const found = await listed(account.email.toUpperCase());
  expect(found.account).toEqual({ id: account.id, email: account.email });
  expect(found.sessions).toHaveLength(2);
  expect(Object.keys(found.sessions[0])).toEqual([
    'id',
    'client_id',
    'created_at',
    'last_used_at',
    'expires_at',
    'address',
    'user_agent',
  ]);
  expect(await listed(account.id)).toEqual(found);
  const { code, stdout } = await sessions('list', '--account', account.email);
  expect([code, stdout]).toEqual([0, expect.stringContaining(found.sessions[1].id)]);
  expect((await api.get('/auth/me')).status).toBe(200);
});

it('sessions end ends one session, or all of them, at once', async () => {
  const { account, api } = await idp.signIn([]);
  const [second, third] = [await idp.sessionOf(account), await idp.sessionOf(account)];
  const stranger = await idp.signIn([]);
  const statuses = async () =>
    Promise.all([api, second, third, stranger.api].map(async (each) => (await each.get('/auth/me')).status));
  const [newest] = (await listed(account.email)).sessions;
  const one = await sessions('end', '--account', account.email, '--session', newest.id, '--json');
  expect(JSON.parse(one.stdout)).toMatchObject({ account: { id: account.id }, ended: [newest.id] });
  expect((await statuses()).toSorted()).toEqual([200, 200, 200, 401]);
  const all = await sessions('end', '--account', account.id, '--all');
  expect(all).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Ended 2 /) });
  expect(await statuses()).toEqual([401, 401, 401, 200]);
  const [{ count }] = await idp.database.query(
    `SELECT count(*)::integer FROM identity.revocations WHERE kind = 'session' AND NOT removed`,
  );
  expect(count).toBe(3);
});

it("refuses unknown accounts and sessions, and another account's session, with one line", async () => {
  const [own, other] = [await idp.signIn([]), await idp.signIn([])];
  const [session] = (await listed(other.account.id)).sessions;
  for (const args of [
    ['list', '--account', 'nobody@example.com'],
    ['end', '--account', 'nobody@example.com', '--all'],
    ['end', '--account', own.account.email, '--session', session.id],
    ['end', '--account', own.account.email, '--session', 'not-an-id'],
  ]) {
    const { code, stdout, stderr } = await sessions(...args);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(ONE_LINE)]);
  }
  expect((await other.api.get('/auth/me')).status).toBe(200);
});

it('sessions end --all-accounts ends every session and the trust in browsers, with an event for each', async () => {
  const [one, other] = [await idp.signIn([]), await idp.signIn([])];
  // More than one statement ends.
  await idp.database.query(
    `WITH sign_ins AS (
      INSERT INTO identity.sessions (id, account_id, expires_at)
      SELECT gen_random_uuid(), $1, now() + interval '1 h' FROM generate_series(1, 5500) RETURNING id
    )
    INSERT INTO identity.sessions (id, account_id, expires_at, client_id, sign_in_id)
    SELECT gen_random_uuid(), $1, now() + interval '1 h', 'a-client', id FROM sign_ins`,
    [one.account.id],
  );
  await idp.database.query(
    `INSERT INTO identity.trusted_browsers (digest, account_id, expires_at) VALUES ('d', $1, now() + interval '1 h')`,
    [other.account.id],
  );
  const [{ live }] = await idp.database.query(
    'SELECT count(*)::int AS live FROM identity.sessions WHERE expires_at > now()',
  );
  const url = { DATABASE_URL: idp.settings.databaseUrl };
  const end = (environment: string, ...args: string[]) =>
    checkout.twinkey(['sessions', 'end', '--all-accounts', ...args], { ...url, ENVIRONMENT: environment });
  const refused = [await end('production'), await end('test', '--account', one.account.email)];
  expect(refused).toMatchObject(refused.map(() => ({ code: 1, stderr: expect.stringMatching(ONE_LINE) })));
  expect((await other.api.get('/auth/me')).status).toBe(200);

  expect(JSON.parse((await end('production', '--yes', '--json')).stdout)).toEqual({ ended: live });
  expect(
    (await Promise.all([one, other].map(({ api }) => api.get('/auth/me')))).map(({ status }) => status),
  ).toEqual([401, 401]);
  const [left] = await idp.database.query(
    `SELECT (SELECT count(*)::int FROM identity.sessions) AS sessions,
      (SELECT count(*)::int FROM identity.trusted_browsers) AS browsers,
      (SELECT count(*)::int FROM identity.audit_events
       WHERE action = 'session.ended' AND details->>'account_id' = $1) AS events`,
    [one.account.id],
  );
  expect(left).toEqual({ sessions: 0, events: 11_001, browsers: 0 });
});
