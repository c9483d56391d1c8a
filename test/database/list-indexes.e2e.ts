import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { nameStartsWith } from '#libs/database/queries/name-search.js';
import { keyStartsWith } from '#libs/database/queries/page.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const ROWS = 20_000;
/** Pages of 8 KiB that a query may read at any depth: 21 rows, each possibly on a different page. */
const FEW_PAGES = 80;

/** The account that has many sessions. */
const first = `SELECT id FROM identity.accounts WHERE email_key = 'p1@example.com'`;

let database: TestDatabase;
let dataSource: DataSource;
beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await identityDataSource(database.url, { statementTimeoutMs: 0 }).initialize();
  await dataSource.query(`
    INSERT INTO identity.roles (id, name) VALUES ('00000000-0000-7000-8000-000000000001', 'user');
    INSERT INTO identity.accounts (id, email, email_key, first_name, last_name, role_id, status, created_at)
      SELECT gen_random_uuid(), 'P' || n || '@example.com', 'p' || n || '@example.com', 'Zoë' || n, 'Ödegård' || n,
             '00000000-0000-7000-8000-000000000001', CASE WHEN n % 2 = 0 THEN 'active' ELSE 'disabled' END,
             now() + n * interval '1 second' FROM generate_series(1, ${ROWS}) AS n;
    INSERT INTO identity.sessions (id, account_id, expires_at, created_at)
      SELECT gen_random_uuid(), (${first}), now() + interval '1 day', now() + n * interval '1 second'
        FROM generate_series(1, ${ROWS}) AS n;
    INSERT INTO users.users (id, created_at)
      SELECT gen_random_uuid(), now() + n * interval '1 second' FROM generate_series(1, ${ROWS}) AS n;
    INSERT INTO users.identities (issuer, sub, user_id, username, username_key, email, email_key, first_name, told_at)
      SELECT 'keycloak', id, id, 'U' || n, CASE WHEN n % 2 = 0 THEN 'u' || n END, 'E' || n, 'e' || n, 'Zoë' || n, now()
        FROM (SELECT id, row_number() OVER () AS n FROM users.users) AS u;
  `);
  await dataSource.query('VACUUM ANALYZE identity.accounts');
  await dataSource.query('VACUUM ANALYZE identity.sessions');
  await dataSource.query('VACUUM ANALYZE users.users');
  await dataSource.query('VACUUM ANALYZE users.identities');
});
afterAll(async () => {
  await dataSource.destroy();
  await database.close();
});

/** The number of 8 KiB pages that a query reads, and of rows that it returns. */
async function cost(sql: string): Promise<{ pages: number; rows: number }> {
  const [{ 'QUERY PLAN': plan }] = await dataSource.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${sql}`);
  const top = plan[0].Plan;
  return { pages: top['Shared Hit Blocks'] + top['Shared Read Blocks'], rows: top['Actual Rows'] };
}

const accounts = 'SELECT * FROM identity.accounts AS a WHERE';
const users = `SELECT * FROM users.users AS u JOIN users.identities AS i ON i.user_id = u.id
  WHERE u.status <> 'deleted' AND`;
const deep = `(SELECT created_at FROM identity.accounts ORDER BY created_at OFFSET ${ROWS - 100} LIMIT 1)`;

describe('a page deep in a list reads no more than the first page', () => {
  it.each([
    [
      'accounts by time',
      () => `${accounts} (created_at, id) > ($DEEP, $ID) ORDER BY created_at, id LIMIT 21`,
    ],
    [
      'backwards',
      () => `${accounts} (created_at, id) < ($DEEP, $ID) ORDER BY created_at DESC, id DESC LIMIT 21`,
    ],
    [
      'of a role',
      () =>
        `${accounts} role_id = '00000000-0000-7000-8000-000000000001' AND (created_at, id) > ($DEEP, $ID)
         ORDER BY created_at, id LIMIT 21`,
    ],
    [
      'of a status',
      () =>
        `${accounts} status = 'disabled' AND (created_at, id) > ($DEEP, $ID) ORDER BY created_at, id LIMIT 21`,
    ],
    ['by email', () => `${accounts} (email_key, id) > ('p9', $ID) ORDER BY email_key, id LIMIT 21`],
    [
      'by email, of a status',
      () =>
        `${accounts} status = 'disabled' AND (email_key, id) > ('p9', $ID) ORDER BY email_key, id LIMIT 21`,
    ],
    [
      'sessions of an account, newest first',
      () =>
        `SELECT * FROM identity.sessions WHERE account_id = (${first}) AND expires_at > now()
           AND (created_at, id) < ($DEEP, $ID) ORDER BY created_at DESC, id DESC LIMIT 21`,
    ],
    [
      'users by time',
      () => `${users} (u.created_at, u.id) > ($DEEP, $ID) ORDER BY u.created_at, u.id LIMIT 21`,
    ],
    [
      'users by username',
      () => `${users} i.username_key IS NOT NULL AND (i.username_key, i.user_id) < ('u5', $ID)
         ORDER BY i.username_key DESC, i.user_id DESC LIMIT 21`,
    ],
    [
      'users without a username',
      () => `${users} i.username_key IS NULL AND i.user_id > $ID AND u.id > $ID ORDER BY i.user_id LIMIT 21`,
    ],
    [
      'users by email, of an issuer',
      () => `${users} i.issuer = 'keycloak' AND i.email_key IS NOT NULL AND (i.email_key, i.user_id) > ('e9', $ID)
         ORDER BY i.email_key, i.user_id LIMIT 21`,
    ],
  ])('%s', async (_name, sql) => {
    const [{ at }] = await dataSource.query(`SELECT ${deep} AS at`);
    const text = sql()
      .replace('$DEEP', `'${at.toISOString()}'`)
      .replaceAll('$ID', `'80000000-0000-7000-8000-000000000000'`);
    const found = await cost(text);
    expect(found.rows).toBe(21);
    // One index entry and one row each, also for joined rows.
    expect(found.pages).toBeLessThan(FEW_PAGES * (text.includes('JOIN') ? 3 : 1));
  });
});

describe('a search by prefix', () => {
  const count = async (condition: string, q: string) => {
    const [{ n }] = await dataSource.query(
      `SELECT count(*)::int AS n FROM identity.accounts AS a WHERE ${condition}`,
      [q],
    );
    return n;
  };

  it.each([
    ['zoë12345', 1, 'a first name'],
    ['ZOË12345 öde', 1, 'first and last name, in another case'],
    ['O\u0308degård12345', 1, 'a last name, decomposed'],
    ['degård', 0, 'no match inside a name'],
    ['%', 0, 'a percent sign is literal'],
    ['_', 0, 'an underscore is literal'],
    ['\\', 0, 'a backslash is literal'],
    ['', ROWS, 'an empty search finds all'],
  ])('by name, %j finds %i: %s', async (q, expected) => {
    expect(await count(nameStartsWith('a', '$1'), q)).toBe(expected);
  });

  it.each([
    ['p12345@', 1],
    ['p%', 0],
    ['p_', 0],
    ['1234', 0],
  ])('by email, %j finds %i', async (q, expected) => {
    expect(await count(keyStartsWith('a.email_key', '$1'), q)).toBe(expected);
  });

  it('reads only the matching rows, of accounts and of users', async () => {
    const found = await cost(
      `${accounts} ${nameStartsWith('a', `'zoë12345'`)} OR ${keyStartsWith('a.email_key', `'p12345@'`)}`,
    );
    expect(found).toEqual({ rows: 1, pages: expect.toSatisfy((pages: number) => pages < 30) });
    const people = await cost(
      `${users} (${nameStartsWith('i', `'zoë12345'`)} OR ${keyStartsWith('i.username_key', `'u12346'`)})`,
    );
    expect(people.rows).toBeGreaterThan(0);
    expect(people.pages).toBeLessThan(100);
  });
});
