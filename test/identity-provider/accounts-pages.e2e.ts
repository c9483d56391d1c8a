import { DataSource as Database, type DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccountWithRole } from '#apps/identity-provider/src/accounts/account-rows.js';
import type { AccountListQuery } from '#apps/identity-provider/src/accounts/accounts.dto.js';
import { listAccounts } from '#apps/identity-provider/src/accounts/accounts.list.js';
import { Account } from '#libs/database/identity/account.entity.js';
import { identityOptions } from '#libs/database/identity/identity-data-source.js';
import type { ListPage } from '#libs/http/input/list-query.js';
import { Factories } from '../support/factories.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

const ACCOUNTS = 100_000;
const LIMIT = 20;
/** The maximum number of 8 kB blocks that one page of the list may read, for tables of any size. */
const BLOCKS = LIMIT * 3;

let own: TestDatabase;
let database: DataSource;
/** The SQL statements of the last call, with their parameters. */
const statements: { query: string; parameters: unknown[] }[] = [];
let roles: string[];

beforeAll(async () => {
  own = await createTestDatabase();
  const logger = {
    logQuery: (query: string, parameters: unknown[] = []) => statements.push({ query, parameters }),
    logQueryError: () => {},
    logQuerySlow: () => {},
    logSchemaBuild: () => {},
    logMigration: () => {},
    log: () => {},
  };
  const options = identityOptions(own.url, { statementTimeoutMs: 0 });
  database = await new Database({ ...options, logging: true, logger }).initialize();
  const make = new Factories(database);
  roles = (await Promise.all([1, 2, 3].map(() => make.role()))).map(({ id }) => id);
  await database.query(
    `INSERT INTO identity.accounts (id, email, email_key, first_name, last_name, status, role_id, created_at)
     SELECT gen_random_uuid(), email, email, 'First' || n % 1000, 'Last' || n % 777,
       CASE WHEN n % 10 = 0 THEN 'disabled' ELSE 'active' END,
       ($2::uuid[])[1 + n % 3], timestamptz '2026-01-01' + n / 3 * interval '1 second'
     FROM generate_series(1, $1::int) AS n, concat(md5(n::text), '@example.com') AS email`,
    [ACCOUNTS, roles],
  );
  await database.query('ANALYZE identity.accounts');
}, 120_000);
afterAll(async () => {
  await database.destroy();
  await own.close();
});

/** The page, and the number of blocks that its statements read. */
async function read(query: AccountListQuery): Promise<{ page: ListPage<AccountWithRole>; blocks: number }> {
  statements.length = 0;
  const page = await listAccounts(database.getRepository(Account), { limit: String(LIMIT), ...query });
  let blocks = 0;
  for (const { query: text, parameters } of [...statements]) {
    const [row] = await database.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, parameters);
    const { Plan } = row['QUERY PLAN'][0];
    blocks += Plan['Shared Hit Blocks'] + Plan['Shared Read Blocks'];
  }
  return { page, blocks };
}

/** A cursor to the middle of the list, found by offset, which clients cannot do. */
async function cursorInTheMiddle(query: AccountListQuery): Promise<string> {
  const { page } = await read({ ...query, limit: '1' });
  const [print] = JSON.parse(Buffer.from(page.nextCursor ?? '', 'base64url').toString());
  const column = query.sort?.endsWith('email') ? 'email_key' : 'created_at';
  const [row] = await database.query(
    `SELECT id, ${column} AS value FROM identity.accounts ORDER BY ${column}, id OFFSET ${ACCOUNTS / 2} LIMIT 1`,
  );
  const value = row.value instanceof Date ? row.value.toISOString() : row.value;
  return Buffer.from(JSON.stringify([print, value, row.id])).toString('base64url');
}

describe(`a page of ${ACCOUNTS} accounts costs the same at any depth`, () => {
  it.each<AccountListQuery>([
    {},
    { sort: '-created_at' },
    { sort: 'email' },
    { sort: '-email' },
    { status: 'disabled' },
    { status: 'disabled', sort: '-email' },
    { role_id: 'second' },
    { role_id: 'second', sort: 'email' },
  ])('with %j', async (given) => {
    const query = { ...given, ...(given.role_id ? { role_id: roles[1] } : {}) };
    const first = await read(query);
    const middle = await read({ ...query, cursor: await cursorInTheMiddle(query) });
    expect(first.page.items).toHaveLength(LIMIT);
    expect(middle.page.items).toHaveLength(LIMIT);
    expect(first.blocks).toBeLessThan(BLOCKS);
    expect(middle.blocks).toBeLessThan(BLOCKS);
  });

  it.each(['last42', 'first123 last', 'c4ca4238'])('a search for %s reads only what it finds', async (q) => {
    const { page, blocks } = await read({ q });
    expect(page.items.length).toBeGreaterThan(0);
    expect(blocks).toBeLessThan(ACCOUNTS / 100);
  });
});
