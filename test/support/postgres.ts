import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { runSql, withDatabase } from './postgres-server.js';

export interface TestDatabase {
  url: string;
  /** Drops the database and closes its connections. */
  close(): Promise<void>;
}

/**
 * Creates a database for one test file (or one test): migrated, with the seeded permissions, otherwise empty.
 * It is a copy of the run's template and takes about 50 ms.
 */
export const createTestDatabase = (): Promise<TestDatabase> => createDatabase('TEMPLATE twinkey_template');

/**
 * Creates a database without any schema, for tests of migrations.
 * @param options of CREATE DATABASE
 */
export const createEmptyDatabase = (options = ''): Promise<TestDatabase> => createDatabase(options);

async function createDatabase(options: string): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await runSql(server, `CREATE DATABASE ${name} ${options}`);
  return {
    url: withDatabase(server, name),
    close: async () => {
      await runSql(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}
