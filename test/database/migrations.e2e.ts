import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

describe('the entities', () => {
  it.each([
    ['identity', identityDataSource],
    ['users', usersDataSource],
  ])('of %s say what the migrations have made', async (_name, open) => {
    const dataSource = await open(database.url).initialize();
    const drift = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();
    expect(drift.upQueries.map(({ query }) => query)).toEqual([]);
  });
});
