import pg from 'pg';
import utils from 'pg/lib/utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolOf } from '#libs/database/queries/prepared-query.js';
import { usersDataSource } from '#libs/database/users/users-data-source.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database?.close());

/** `libs/database/connections/drop-when-broken.ts` reads them to find connections that are silent. */
interface Internals {
  _activeQuery: unknown;
  _ending: boolean;
  processID: number;
  secretKey: number;
}

describe('internals of libraries, which an update may change', () => {
  it('pg: a client shows whether it waits for an answer, and whether it is ending', async () => {
    const client = new pg.Client(database.url);
    const internals = client as unknown as Internals;
    await client.connect();
    expect(internals._activeQuery).toBeFalsy();
    const query = client.query('SELECT pg_sleep(0.1)');
    expect(internals._activeQuery).toBeTruthy();
    await query;
    expect([Boolean(internals._activeQuery), internals._ending]).toEqual([false, false]);
    expect([internals.processID, internals.secretKey].every(Number.isInteger)).toBe(true);
    const end = client.end();
    expect(internals._ending).toBe(true);
    await end;
  });

  it('pg: a connection knows the text of its prepared statements, and parameters are converted as pg does', async () => {
    const client = new pg.Client(database.url);
    await client.connect();
    const { connection } = client as unknown as { connection: { parsedStatements: Record<string, string> } };
    expect(connection.parsedStatements).toEqual({});
    await client.query({ name: 'one', text: 'SELECT $1::text', values: ['a'] });
    expect(connection.parsedStatements).toEqual({ one: 'SELECT $1::text' });
    await client.end();
    expect(['a', 1, true, null, ['a"', 'b\\', null], { a: 1 }].map(utils.prepareValue)).toEqual([
      'a',
      '1',
      'true',
      null,
      '{"a\\"","b\\\\",NULL}',
      '{"a":1}',
    ]);
  });

  it("pg: a Submittable gets the connection's conversion of columns", async () => {
    const client = new pg.Client(database.url);
    await client.connect();
    const query = {
      _result: {} as { _types?: pg.CustomTypesConfig },
      submit: () => new Error('not sent'),
      handleError() {},
    };
    client.query(query as unknown as pg.Submittable);
    expect(query._result._types?.getTypeParser(pg.types.builtins.INT4, 'text')('1')).toBe(1);
    await client.end();
  });

  it('TypeORM: the driver of a connected data source has its pool', async () => {
    const dataSource = usersDataSource(database.url);
    expect(() => poolOf(dataSource)).toThrow('Driver not Connected');
    await dataSource.initialize();
    const pool = poolOf(dataSource);
    expect(pool).toBeInstanceOf(pg.Pool);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await dataSource.destroy();
    expect(() => poolOf(dataSource)).toThrow('Driver not Connected');
  });
});
