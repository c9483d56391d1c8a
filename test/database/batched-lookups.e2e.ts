import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { SessionActivity } from '#apps/identity-provider/src/sessions/session-activity.js';
import { SessionLookup } from '#apps/identity-provider/src/sessions/session-lookup.js';
import type { IssuerRegistry } from '#apps/user-service/src/directory/issuer-registry.js';
import { LookupService } from '#apps/user-service/src/internal/lookup.service.js';
import { ProfilesService } from '#apps/user-service/src/users/profiles.service.js';
import { isBadValue } from '#libs/database/errors/pg-errors.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { type PreparedStatement, poolOf } from '#libs/database/queries/prepared-query.js';
import { PrimaryReads } from '#libs/database/replicas/replica-reads.js';
import type { Api } from '../support/api.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const PEOPLE = 5_000;
const ROLE = '00000000-0000-7000-8000-000000000001';
/** Pages of 8 KiB that one key may need: two indexes of up to three levels, two rows. */
const PAGES_PER_KEY = 10;

/** The nth person's account, session and subject have these ids. */
const id = (series: string, n: number) => `00000000-0000-7000-${series}-${String(n).padStart(12, '0')}`;

let database: TestDatabase;
/** Of one connection, so that every statement uses the same prepared ones. */
let dataSource: DataSource;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await identityDataSource(database.url, { poolSize: 1, statementTimeoutMs: 0 }).initialize();
  const made = (series: string) => `('00000000-0000-7000-${series}-' || lpad(n::text, 12, '0'))::uuid`;
  const people = `generate_series(1, ${PEOPLE}) AS n`;
  await dataSource.query(`
    INSERT INTO identity.roles (id, name) VALUES ('${ROLE}', 'person');
    INSERT INTO identity.accounts (id, email, email_key, role_id, status)
      SELECT ${made('8000')}, n || '@example.com', n || '@example.com', '${ROLE}',
        CASE WHEN n % 10 = 0 THEN 'disabled' ELSE 'active' END FROM ${people};
    INSERT INTO identity.sessions (id, account_id, expires_at)
      SELECT ${made('9000')}, ${made('8000')}, now() + interval '1 hour' FROM ${people};
    INSERT INTO users.users (id) SELECT ${made('8000')} FROM ${people};
    INSERT INTO users.identities (issuer, sub, user_id, username, username_key, told_at)
      SELECT CASE WHEN n % 2 = 0 THEN 'native' ELSE 'keycloak' END, ${made('8000')}, ${made('8000')}, 'U' || n / 2,
        'u' || n / 2, now() FROM ${people};
  `);
  for (const table of ['identity.accounts', 'identity.sessions', 'users.users', 'users.identities'])
    await dataSource.query(`VACUUM ANALYZE ${table}`);
});
afterAll(async () => {
  await dataSource.destroy();
  await database.close();
});
afterEach(() => vi.restoreAllMocks());

const sessions = () => new SessionLookup(dataSource, new SessionActivity(dataSource));
const profiles = () => new ProfilesService(dataSource);
const lookups = () =>
  new LookupService(new PrimaryReads(dataSource), profiles(), {
    ids: ['keycloak', 'native'],
    find: () => null,
  } as unknown as IssuerRegistry);

/** The names and values of the statements that `work` sends. */
async function statementsOf(work: () => Promise<unknown>): Promise<PreparedStatement[]> {
  const query = vi.spyOn(poolOf(dataSource), 'query');
  await work();
  return query.mock.calls.map(([statement]) => statement as unknown as PreparedStatement);
}

/** Requests have just been concurrent, so that the next ones are gathered from the first one on. */
const makeConcurrent = (find: () => Promise<unknown>) => Promise.all([find(), find(), find()]);

const emailOf = async (lookup: SessionLookup, session: number, account = session) =>
  (await lookup.find(id('9000', session), id('8000', account)))?.email ?? null;
const subjectOf = async (service: ProfilesService, issuer: string, n: number) =>
  (await service.findByIdentity(issuer, id('8000', n)))?.sub ?? null;
const subjectOfName = (service: LookupService, username: string, issuer: string | null = null) =>
  service
    .getByUsername(username, issuer, () => ({ requestId: null }) as never)
    .then(
      ({ sub }) => sub,
      ({ status }) => status,
    );

describe('look-ups of the same turn', () => {
  it('of sessions: each has its own row, and only a matching, active account has one', async () => {
    const lookup = sessions();
    const find = () =>
      Promise.all([
        emailOf(lookup, 3),
        emailOf(lookup, 1),
        emailOf(lookup, 2, 1),
        emailOf(lookup, 10),
        emailOf(lookup, 3),
        emailOf(lookup, PEOPLE + 1),
      ]);
    await makeConcurrent(() => emailOf(lookup, 1));
    const sent = await statementsOf(async () => {
      expect(await find()).toEqual(['3@example.com', '1@example.com', null, null, '3@example.com', null]);
    });
    expect(sent.map(({ name }) => name)).toEqual(['session-find-batch']);
  });

  it('of profiles by identity: the issuer is part of the key', async () => {
    const service = profiles();
    await makeConcurrent(() => subjectOf(service, 'native', 2));
    const sent = await statementsOf(async () => {
      expect(
        await Promise.all([
          subjectOf(service, 'native', 2),
          subjectOf(service, 'keycloak', 2),
          subjectOf(service, 'keycloak', 1),
        ]),
      ).toEqual([id('8000', 2), null, id('8000', 1)]);
    });
    expect(sent.map(({ name }) => name)).toEqual(['profile-by-identity-batch']);
  });

  it('of profiles by username: each key has its own issuers, and their order', async () => {
    const service = lookups();
    await makeConcurrent(() => subjectOfName(service, 'u2'));
    // People 4 and 5 have the same username, the first one at `native` and the second one at `keycloak`.
    const sent = await statementsOf(async () => {
      expect(
        await Promise.all([
          subjectOfName(service, 'u2'),
          subjectOfName(service, 'U2', 'native'),
          subjectOfName(service, 'u2', 'keycloak'),
          subjectOfName(service, 'nobody'),
        ]),
      ).toEqual([id('8000', 5), id('8000', 4), id('8000', 5), 404]);
    });
    expect(sent.map(({ name }) => name)).toEqual(['profile-by-username-batch']);
  });

  it('give the same rows as look-ups one after the other', async () => {
    const [lookup, service] = [sessions(), profiles()];
    await makeConcurrent(() => emailOf(lookup, 1));
    await makeConcurrent(() => subjectOf(service, 'keycloak', 1));
    const together = await Promise.all([7, 8].map((n) => lookup.find(id('9000', n), id('8000', n))));
    expect(together[0]).toEqual(await lookup.find(id('9000', 7), id('8000', 7)));
    const both = await Promise.all([7, 9].map((n) => service.findByIdentity('keycloak', id('8000', n))));
    expect(both[0]).toEqual(await service.findByIdentity('keycloak', id('8000', 7)));
  });

  it('fail alone for a value that Postgres does not accept', async () => {
    const service = profiles();
    await makeConcurrent(() => subjectOf(service, 'native', 2));
    const results = await Promise.allSettled([
      service.findByIdentity('native', id('8000', 2)),
      service.findByIdentity('native', 'NUL\0'),
      service.findByIdentity('native', id('8000', 4)),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(isBadValue((results[1] as PromiseRejectedResult).reason)).toBe(true);
    expect((results[2] as PromiseFulfilledResult<{ sub: string }>).value.sub).toBe(id('8000', 4));
  });

  it('see what was committed before they were requested', async () => {
    const lookup = sessions();
    const ids = [21, 22, 23].map((n) => [id('9000', n), id('8000', n)] as const);
    await makeConcurrent(() => emailOf(lookup, 1));
    const find = () => Promise.all(ids.map(async (key) => (await lookup.find(...key)) !== null));
    expect(await find()).toEqual([true, true, true]);
    await dataSource.query('DELETE FROM identity.sessions WHERE id = $1', [id('9000', 21)]);
    await dataSource.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [
      id('8000', 22),
    ]);
    expect(await find()).toEqual([false, false, true]);
  });
});

interface PlanNode {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: PlanNode[];
}

/** The tables that a plan reads as a whole. */
const scannedTables = (node: PlanNode): (string | undefined)[] => [
  ...(node['Node Type'] === 'Seq Scan' ? [node['Relation Name']] : []),
  ...(node.Plans ?? []).flatMap(scannedTables),
];

describe('the statements for several keys', () => {
  const NAMES = ['session-find-batch', 'profile-by-identity-batch', 'profile-by-username-batch'];

  it.each(NAMES)('%s is planned once for all numbers of keys, and reads indexes only', async (name) => {
    const [lookup, byIdentity, byUsername] = [sessions(), profiles(), lookups()];
    const findOne = (n: number): Promise<unknown> => {
      if (name.startsWith('session')) return lookup.find(id('9000', n), id('8000', n));
      if (name.includes('identity')) return byIdentity.findByIdentity('native', id('8000', n * 2));
      return subjectOfName(byUsername, `u${n}`);
    };
    const findMany = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => findOne(100 + index)));
    await makeConcurrent(() => findOne(1));
    const [batch] = (await statementsOf(() => findMany(30))) as [PreparedStatement];
    expect(batch.name).toBe(name);
    for (const count of [2, 3, 2, 5, 2, 16, 2, 3, 32, 2, 2, 3]) await findMany(count);
    const [plans] = await dataSource.query(
      'SELECT custom_plans::int AS custom, generic_plans::int AS generic FROM pg_prepared_statements WHERE name = $1',
      [name],
    );
    // Postgres plans each of the first five executions, and then decides.
    expect(plans.custom).toBe(5);
    expect(plans.generic).toBeGreaterThanOrEqual(8);
    const values = batch.values.map(
      (column) => `ARRAY[${(column as string[]).map((value) => `'${value}'`)}]`,
    );
    const types = name.startsWith('session') ? 'uuid[]' : 'text[]';
    const [{ 'QUERY PLAN': plan }] = await dataSource.query(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE "${name}" (${values.map((value) => `${value}::${types}`)})`,
    );
    const { Plan: top } = plan[0];
    expect(top['Shared Hit Blocks'] + top['Shared Read Blocks']).toBeLessThan(30 * PAGES_PER_KEY);
    // It has one row.
    expect(scannedTables(top).filter((table) => table !== 'authority')).toEqual([]);
  });
});

/** A busy machine may take longer than a statement is allowed to: then the request is sent again. */
async function answerOf(api: Api, path: string) {
  for (;;) {
    const answer = await api.get(path);
    if (answer.status !== 503) return answer;
  }
}

describe('requests that arrive together', () => {
  let both: BothServices;
  beforeAll(async () => {
    both = await startBothServices();
  });
  afterAll(() => both?.close());

  it('are answered each for its own caller, and an ended session or a suspended user alone is refused', async () => {
    const { idp, service } = both;
    const callers = await Promise.all(Array.from({ length: 24 }, () => idp.signIn([])));
    const me = callers.map(({ api }) => service.api.as(api.token as string));
    // The first call makes the profile.
    for (const api of me) await answerOf(api, '/users/me');
    const users = await Promise.all(me.map((api) => answerOf(api, '/users/me')));
    expect(users.map(({ status, data }) => data?.email ?? status)).toEqual(
      callers.map(({ account }) => account.email),
    );
    await idp.database.query('DELETE FROM identity.sessions WHERE account_id = $1', [callers[3]?.account.id]);
    await idp.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [
      callers[5]?.account.id,
    ]);
    await service.database.query(`UPDATE users.users SET status = 'suspended' WHERE id = $1`, [
      users[7]?.data.id,
    ]);
    const accounts = await Promise.all(callers.map(({ api }) => answerOf(api, '/auth/me')));
    expect(accounts.map(({ status, data }) => (status === 200 ? data.account.id : status))).toEqual(
      callers.map(({ account }, index) => ([3, 5].includes(index) ? 401 : account.id)),
    );
    const profilesNow = await Promise.all(me.map((api) => answerOf(api, '/users/me')));
    expect(profilesNow.map(({ status, data }) => (status === 200 ? data.id : status))).toEqual(
      users.map(({ data }, index) => (index === 7 ? 403 : data.id)),
    );
    const names = callers.map(({ account }) => account.email);
    const found = await Promise.all(
      [...names, randomUUID()].map((name) => answerOf(service.internal, `/users/username/${name}`)),
    );
    expect(found.map(({ status, data }) => (status === 200 ? data.username : status))).toEqual([
      ...names,
      404,
    ]);
  });
});
