import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Account } from '#libs/database/identity/account.entity.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { countRows, fetchPage, type Page, type PagePosition } from '#libs/database/queries/page.js';
import { Factories } from '../support/factories.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let own: TestDatabase;
let database: DataSource;
beforeAll(async () => {
  own = await createTestDatabase();
  database = await identityDataSource(own.url).initialize();
});
afterAll(async () => {
  await database.destroy();
  await own.close();
});

const BY_FIRST_NAME = {
  column: 'account.firstName',
  nullable: true,
  valueOf: ({ firstName }: Account) => firstName,
};

/** The first names of all pages, and the number of pages. */
async function walk(roleId: string, limit: number, descending: boolean) {
  const names: (string | null)[] = [];
  let pages = 0;
  let after: PagePosition | null = null;
  do {
    const query = database.manager.createQueryBuilder(Account, 'account').where({ roleId });
    const { rows, next }: Page<Account> = await fetchPage(query, BY_FIRST_NAME, { descending, limit, after });
    names.push(...rows.map(({ firstName }) => firstName));
    pages += 1;
    after = next;
  } while (after);
  return { names, pages };
}

describe('pages sorted by a nullable column', () => {
  it.each([1, 2, 3, 4, 5, 6, 7])('of %i contain each row once, rows without a value last', async (limit) => {
    const make = new Factories(database);
    const { id: roleId } = await make.role();
    for (const firstName of ['b', null, 'a', null, 'b', null]) await make.account({ roleId, firstName });
    const pages = Math.ceil(6 / limit);
    expect(await walk(roleId, limit, false)).toEqual({ names: ['a', 'b', 'b', null, null, null], pages });
    expect(await walk(roleId, limit, true)).toEqual({ names: ['b', 'b', 'a', null, null, null], pages });
  });

  it('work without any value and without any row', async () => {
    const make = new Factories(database);
    const { id: roleId } = await make.role();
    expect(await walk(roleId, 2, false)).toEqual({ names: [], pages: 1 });
    for (let index = 0; index < 3; index++) await make.account({ roleId });
    expect(await walk(roleId, 2, false)).toEqual({ names: [null, null, null], pages: 2 });
  });
});

describe('the rows of a list', () => {
  it('are counted with the filters of the list', async () => {
    const make = new Factories(database);
    const { id: roleId } = await make.role();
    for (let index = 0; index < 3; index++) await make.account({ roleId });
    const query = database.manager
      .createQueryBuilder(Account, 'account')
      .innerJoinAndSelect('account.role', 'role')
      .where({ roleId })
      .orderBy('account.email');
    expect(await countRows(query)).toBe(3);
    expect(await query.getMany()).toHaveLength(3);
  });
});
