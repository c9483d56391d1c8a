import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseClient } from '#libs/database/connections/database-client.js';
import { runPrepared } from '#libs/database/queries/prepared-query.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createEmptyDatabase();
});
afterAll(() => database?.close());

let client: pg.Client;
let messages: string[];
beforeEach(async () => {
  client = new DatabaseClient({ connectionString: database.url });
  await client.connect();
  await client.query('DROP TABLE IF EXISTS things; CREATE TABLE things (id int PRIMARY KEY, name text)');
  messages = [];
  client.connection.on('message', ({ name }: { name: string }) => messages.push(name));
});
afterEach(() => client.end());

const run = (text: string, ...values: unknown[]) =>
  runPrepared(client, { name: text.slice(0, 60), text, values });
const count = (message: string) => messages.filter((each) => each === message).length;
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    ({ code, message }: { code?: string; message: string }) => code ?? message,
  );

const ADD = 'INSERT INTO things VALUES ($1::int, $2)';
const ADD_RETURNING = 'INSERT INTO things VALUES ($1::int, $2) RETURNING name';

describe('a prepared query', () => {
  it('returns what pg returns', async () => {
    const text = `SELECT $1::text AS text, $2::int AS int, 9007199254740993::bigint AS bigint, $3::boolean AS bool,
      $4::text[] AS list, $5::jsonb AS json, NULL::text AS nothing, $6::timestamptz AS time, ''::text AS empty,
      $7::bytea AS bytes, 1.50::numeric AS decimal, $8::uuid AS uuid, ARRAY[1, NULL]::int[] AS ints
      FROM generate_series(1, 2)`;
    const values = [
      ...['ü "\\ \n', 42, true, ['a"', '\\', null, '', 'NULL'], { a: [1, null] }],
      ...[
        new Date('2026-01-31T12:00:00.123Z'),
        Buffer.from([0, 255]),
        '00000000-0000-7000-8000-000000000001',
      ],
    ];
    const { rows } = await client.query(text, values);
    expect(await run(text, ...values)).toEqual(rows);
    expect(await run(text, ...values)).toEqual(rows);
  });

  it('is parsed and described once per connection', async () => {
    for (const name of ['a', 'b', null])
      expect(await run('SELECT $1::text AS name', name)).toEqual([{ name }]);
    expect(count('parseComplete')).toBe(1);
    expect(count('rowDescription')).toBe(1);
  });

  it('whose name belongs to another text is refused', async () => {
    await run('SELECT $1::int AS allowed', 1);
    const other = { name: 'SELECT $1::int AS allowed', text: 'SELECT $1::int + 1 AS other', values: [1] };
    expect(await codeOf(runPrepared(client, other))).toBe(`Two statements have the name ${other.name}.`);
    expect(await run('SELECT $1::int AS allowed', 2)).toEqual([{ allowed: 2 }]);
  });

  it('without rows is described once, and returns none', async () => {
    for (const id of [1, 2, 3]) expect(await run(ADD, id, 'a')).toEqual([]);
    expect(count('noData')).toBe(1);
    expect(await run('SELECT id FROM things WHERE id > $1', 9)).toEqual([]);
    expect(await run('SELECT count(*)::int AS n FROM things')).toEqual([{ n: 3 }]);
  });

  it.each([ADD, ADD_RETURNING])('whose first execution fails can be repeated: %s', async (text) => {
    await client.query("INSERT INTO things VALUES (1, 'old')");
    expect(await codeOf(run(text, 1, 'a'))).toBe('23505');
    expect(await codeOf(run(text, 'x', 'a'))).toBe('22P02');
    expect(await run(text, 2, 'b')).toEqual(text === ADD ? [] : [{ name: 'b' }]);
    expect(count('parseComplete')).toBe(1);
  });

  it('with a syntax error fails each time, and leaves the connection usable', async () => {
    for (let round = 0; round < 2; round++) expect(await codeOf(run('SELEC $1', 'a'))).toBe('42601');
    expect(await run('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('with a value that cannot be converted is not sent', async () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    expect(await codeOf(run('SELECT $1::jsonb', circular))).toContain('circular');
    expect(messages).toEqual([]);
    expect(await run('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('whose value pg cannot parse fails alone', async () => {
    const parser = pg.types.getTypeParser(pg.types.builtins.JSON);
    try {
      pg.types.setTypeParser(pg.types.builtins.JSON, () => {
        throw new Error('not parsed');
      });
      expect(await codeOf(run('SELECT $1::json AS json', '{}'))).toBe('not parsed');
    } finally {
      pg.types.setTypeParser(pg.types.builtins.JSON, parser);
    }
    expect(await run('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('converts columns as the connection does', async () => {
    const types = { getTypeParser: () => (text: string) => `own ${text}` };
    const own = new DatabaseClient({ connectionString: database.url, types });
    await own.connect();
    const statement = { name: 'own', text: 'SELECT 1 AS one', values: [] };
    expect(await runPrepared(own, statement)).toEqual((await own.query(statement.text)).rows);
    expect(await runPrepared(own, statement)).toEqual([{ one: 'own 1' }]);
    await own.end();
  });

  it('is refused where the columns have changed, and never misread', async () => {
    await run(ADD, 1, 'a');
    expect(await run('SELECT id, name FROM things')).toEqual([{ id: 1, name: 'a' }]);
    await client.query('ALTER TABLE things ALTER id TYPE text');
    expect(await codeOf(run('SELECT id, name FROM things'))).toBe('0A000');
    const later = new DatabaseClient({ connectionString: database.url });
    await later.connect();
    const text = 'SELECT id, name FROM things';
    expect(await runPrepared(later, { name: text, text, values: [] })).toEqual([{ id: '1', name: 'a' }]);
    await later.end();
  });

  it('that fails has a stack that leads to its caller', async () => {
    const error: Error = await run('SELEC $1', 'a').catch((reason) => reason);
    expect(error.stack).toContain('prepared-query.e2e.ts');
  });

  it('fails where the connection breaks', async () => {
    client.on('error', () => {});
    const slow = run('SELECT pg_sleep(10)');
    client.connection.stream.destroy(new Error('broken'));
    expect(await codeOf(slow)).toBe('broken');
    expect(await codeOf(run('SELECT 1'))).toContain('not queryable');
  });

  it('has no name behind a PgBouncer in transaction mode', async () => {
    const pooled = new DatabaseClient({ connectionString: database.url, pooled: true });
    await pooled.connect();
    const statement = { name: 'named', text: 'SELECT $1::text AS name', values: ['a'] };
    for (let round = 0; round < 2; round++) {
      expect(await runPrepared(pooled, statement)).toEqual([{ name: 'a' }]);
      expect((await pooled.query(statement)).rows).toEqual([{ name: 'a' }]);
    }
    expect((await pooled.query('SELECT name FROM pg_prepared_statements')).rows).toEqual([]);
    await pooled.end();
  });
});
