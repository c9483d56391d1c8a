import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createVerifier, native, TokenError, type Verifier } from '#libs/verify/src/create-verifier.js';
import type { Variables } from '../cli/cli-checkout.js';
import { type DebianPostgres, startDebianPostgres } from '../support/debian-postgres.js';
import { runSql, startPostgres, withDatabase } from '../support/postgres-server.js';
import { Load } from './support/load.js';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { isSuccess, type Outcome, send, tally } from './support/request.js';
import { openTestEnvironment, PASSWORD, type TestEnvironment } from './support/test-environment.js';

const FEED_TOKEN = 'a-token-for-the-feed';
const SLOW = { timeout: 40_000, interval: 100 };

interface Session {
  email: string;
  token: string;
  refreshToken: string;
}

let environment: TestEnvironment;
let original: DebianPostgres;
let restoredUrl: string;
let replica: Replica;
let verifier: Verifier;
let env: Variables;
let kid: string;
const closers: (() => Promise<unknown>)[] = [];

/** Sessions by what has become of them. */
let sessions: Record<'kept' | 'endedBefore' | 'endedAfter' | 'openedAfter', Session>;
let profile: unknown;
let auditBefore: AuditRows;

/** Backup of a running server, changes, restore into another one, start: without any of the measures for old backups. */
beforeAll(async () => {
  environment = await openTestEnvironment(async () => {
    original = await startDebianPostgres();
    return original;
  });
  closers.push(environment.close);
  const { JWT_KID = '', JWT_PRIVATE_KEY, JWT_PUBLIC_KEY, ...settings } = environment.env;
  kid = JWT_KID;
  const keysFile = environment.checkout.path('keys.env');
  const pair = { JWT_KID, JWT_PRIVATE_KEY, JWT_PUBLIC_KEY };
  const lines = Object.entries(pair).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(keysFile, lines.join(''), { mode: 0o600 });
  env = { ...settings, JWT_KEYS_FILE: keysFile, AUTHORITY_FEED_TOKEN: FEED_TOKEN, REFRESH_TOKEN_DAYS: '30' };
  replica = await Replica.start(environment.checkout, 'all', env);
  closers.push(() => replica.kill());
  verifier = createVerifier({
    issuers: [
      native({
        issuer: env['JWT_ISSUER'] as string,
        audience: env['JWT_AUDIENCE'] as string,
        jwksUrl: `${replica.identityProvider}/.well-known/jwks.json`,
      }),
    ],
    feeds: [{ url: `${replica.identityProvider}/api/v1/authority`, token: FEED_TOKEN }],
  });
  closers.push(async () => verifier.close());
  // The other server has given fewer transaction numbers: its feed has a lower version.
  await runSql(
    original.url,
    'DO $$ BEGIN FOR n IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$',
  );

  const [kept, endedBefore, endedAfter] = [await signIn(), await signIn(), await signIn()];
  profile = (await ownProfile(kept)).body.data;
  await logOut(endedBefore);
  await untilVerifierSays('session_ended', endedBefore);
  auditBefore = await auditRows(original.url);
  const dump = `${original.folder}/twinkey.dump`;
  await backUp(dump);
  await logOut(endedAfter);
  const openedAfter = await signIn();
  await logOut(openedAfter);
  sessions = { kept, endedBefore, endedAfter, openedAfter };
  await untilVerifierSays('session_ended', endedAfter, openedAfter);

  await replica.kill();
  restoredUrl = await restore(dump);
  env = { ...env, DATABASE_URL: restoredUrl };
  replica.env = env;
  expect(await revocationsOfTheFuture()).toBeGreaterThan(0);
  const migrated = JSON.parse(await twinkey('migrate', '--json'));
  expect(migrated).toMatchObject({ permissions: [], schemas: [{ migrations: [] }, { migrations: [] }] });
  expect(await revocationsOfTheFuture()).toBe(0);
  await replica.start();
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

it('a restored database is complete: people sign in, sessions are refreshed, profiles are there', async () => {
  const { token } = await signInAs(sessions.kept.email);
  expect((await call('GET', '/api/v1/auth/me', token)).status).toBe(200);
  const refreshed = await refresh(sessions.kept);
  expect(refreshed.status).toBe(200);
  const { status, body } = await ownProfile({ token: refreshed.body.data.token });
  expect([status, body.data]).toEqual([200, profile]);
  const [migrations, doctor] = await Promise.all([
    twinkey('migrate', 'status', '--json'),
    twinkey('doctor', '--json'),
  ]);
  expect(JSON.parse(migrations).pending).toBe(0);
  const checks: { name: string; status: string }[] = JSON.parse(doctor).checks;
  // The public name of the issuer is not this machine's.
  expect(checks.filter(({ status }) => !['ok', 'skipped'].includes(status)).map(({ name }) => name)).toEqual([
    'provider.issuer',
  ]);
});

it('the audit log is whole after a restore, with its partitions, and still append-only', async () => {
  const after = await auditRows(restoredUrl);
  expect(Object.keys(after).sort()).toEqual(Object.keys(auditBefore).sort());
  for (const [partition, ids] of Object.entries(auditBefore))
    expect(after[partition]).toEqual(expect.arrayContaining(ids));
  const partitions = Object.keys(after);
  expect(partitions.length).toBeGreaterThanOrEqual(10);
  for (const table of partitions) {
    await expect(runSql(restoredUrl, `TRUNCATE ${table}`)).rejects.toMatchObject({ code: '23001' });
    if (after[table]?.length === 0) continue;
    for (const change of [`DELETE FROM ${table}`, `UPDATE ${table} SET action = ''`])
      await expect(runSql(restoredUrl, change)).rejects.toMatchObject({ code: '23001' });
  }
});

it('verifiers replace what they know by an older version, and follow its changes', async () => {
  await untilVerifierSays('accepted', sessions.endedAfter, sessions.openedAfter);
  expect(await verdict(sessions.endedBefore)).toBe('session_ended');
  const later = await signInAs(sessions.endedBefore.email);
  await logOut(later);
  await untilVerifierSays('session_ended', later);
});

it('sessions that were ended after the backup live again, until all are ended and the key is withdrawn', async () => {
  const { kept, endedAfter, openedAfter } = sessions;
  const statuses = () =>
    Promise.all(
      [kept, endedAfter, openedAfter].map(
        async ({ token }) => (await call('GET', '/api/v1/auth/me', token)).status,
      ),
    );
  expect(await statuses()).toEqual([200, 200, 401]);
  expect((await ownProfile(openedAfter)).status).toBe(200);
  await twinkey('keys', 'withdraw', kid);
  await twinkey('sessions', 'end', '--all-accounts', '--yes');
  // As docs/operations.md names them.
  await runSql(restoredUrl, "DELETE FROM identity.mail_outbox WHERE status = 'queued'");
  await runSql(restoredUrl, "DELETE FROM identity.account_links WHERE purpose <> 'undo_email'");
  await vi.waitFor(async () => expect(await statuses()).toEqual([401, 401, 401]), SLOW);
  expect((await refresh(endedAfter)).status).toBe(401);
  await untilVerifierSays('session_ended', endedAfter);
  await untilVerifierSays('key_withdrawn', openedAfter);
  await vi.waitFor(async () => expect((await ownProfile(openedAfter)).status).toBe(401), SLOW);
  // Its keys are read again within five seconds.
  const again = await vi.waitFor(() => signInAs(kept.email), SLOW);
  await untilVerifierSays('accepted', again);
});

/** @returns standard output of a command that must succeed */
async function twinkey(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await environment.checkout.twinkey(args, { ...env, ...replica.ports });
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

/** How many revocations name a transaction that the server has not reached. */
async function revocationsOfTheFuture(): Promise<number> {
  const [row] = await runSql(
    restoredUrl,
    `SELECT count(*)::int AS found FROM identity.revocations
     WHERE changed_by >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint`,
  );
  return row?.['found'] as number;
}

async function backUp(file: string): Promise<void> {
  const person = await signIn();
  const load = new Load({
    clients: 4,
    perSecond: 40,
    next: (client, turn) =>
      (client + turn) % 2
        ? { name: 'GET /users/me', url: `${replica.userService}/users/me`, token: person.token }
        : {
            name: 'PUT /users/me',
            method: 'PUT',
            url: `${replica.userService}/users/me`,
            token: person.token,
            body: { settings: { turn } },
          },
  });
  await sleep(300);
  await original.run('pg_dump', [
    '--format=custom',
    '--no-owner',
    '--schema=identity',
    '--schema=users',
    `--file=${file}`,
    original.url,
  ]);
  const outcomes = await load.stop();
  expect(outcomes.length).toBeGreaterThan(0);
  await record({
    scenario: `pg_dump beside ${outcomes.length} requests`,
    lost: lossOf(load.failures.length, 'requests'),
    figures: '',
  });
  expect(tally(load.failures)).toBe('');
}

/** As docs/operations.md says, into a newer server. @returns the URL of the new database */
async function restore(dump: string): Promise<string> {
  const server = await startPostgres();
  closers.push(() => server.close());
  await runSql(
    server.url,
    "CREATE DATABASE twinkey_restored OWNER twinkey TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'",
  );
  const url = withDatabase(server.url, 'twinkey_restored');
  await original.run('pg_restore', [
    '--no-owner',
    '--no-privileges',
    '--exit-on-error',
    '--single-transaction',
    `--dbname=${url}`,
    dump,
  ]);
  return url;
}

const call = (method: string, path: string, token?: string, body?: unknown): Promise<Outcome> =>
  send({
    name: path,
    method,
    url: `${replica.identityProvider}${path}`,
    ...(token ? { token } : {}),
    ...(body ? { body } : {}),
  });

async function signIn(): Promise<Session> {
  const { email } = await environment.account('user');
  return signInAs(email);
}

async function signInAs(email: string): Promise<Session> {
  const { status, error, body } = await call('POST', '/api/v1/auth/login', undefined, {
    email,
    password: PASSWORD,
  });
  if (status !== 200) throw new Error(`Login: ${status ?? error}`);
  return { email, ...body.data };
}

const refresh = ({ refreshToken }: Session) =>
  call('POST', '/api/v1/auth/refresh', undefined, { refresh_token: refreshToken });

async function logOut({ token }: Session): Promise<void> {
  expect(isSuccess(await call('POST', '/api/v1/auth/logout-all', token))).toBe(true);
}

const ownProfile = ({ token }: Pick<Session, 'token'>) =>
  send({ name: 'GET /users/me', url: `${replica.userService}/users/me`, token });

const verdict = ({ token }: Session): Promise<string> =>
  verifier.verify(token).then(
    () => 'accepted',
    (error: unknown) => {
      if (error instanceof TokenError) return error.code;
      throw error;
    },
  );

const untilVerifierSays = (expected: string, ...all: Session[]): Promise<void> =>
  vi.waitFor(async () => {
    for (const session of all) expect(await verdict(session)).toBe(expected);
  }, SLOW);

/** The ids of each partition's events. */
type AuditRows = Record<string, unknown[]>;

async function auditRows(url: string): Promise<AuditRows> {
  const tables = await runSql(
    url,
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits
     WHERE inhparent IN ('identity.audit_events'::regclass, 'users.audit_events'::regclass) ORDER BY 1`,
  );
  const rows: AuditRows = {};
  for (const { name } of tables)
    rows[String(name)] = (await runSql(url, `SELECT id FROM ${name}`)).map(({ id }) => id);
  return rows;
}
