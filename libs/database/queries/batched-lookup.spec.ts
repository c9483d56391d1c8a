import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { BatchedLookup } from './batched-lookup.js';
import type { PreparedStatement } from './prepared-query.js';

interface Row {
  id: string | null;
  n: number;
}

const badValue = Object.assign(new Error('bad value'), { code: '22021', severity: 'ERROR' });
const shutDown = Object.assign(new Error('shutting down'), { code: '57P01', severity: 'FATAL' });

/** In place of Postgres. It has a row for each key, except for those that begin with `no`. */
class RecordedDatabase {
  readonly statements: PreparedStatement[] = [];
  /** The error of a statement with these keys, if it fails. */
  failure: (keys: string[]) => Error | null = () => null;

  async query(statement: PreparedStatement): Promise<Row[]> {
    this.statements.push(statement);
    const { values } = statement;
    const isBatch = Array.isArray(values[0]);
    const keys = (isBatch ? values[0] : [values[0]]) as string[];
    const failure = this.failure(keys);
    await nextTurn();
    if (failure) throw failure;
    const rows = keys.map((key) => ({ id: key.startsWith('no') ? null : key, n: this.statements.length }));
    return isBatch ? rows : rows.filter(({ id }) => id !== null);
  }
}

let pool: RecordedDatabase;
let lookup: BatchedLookup<[string, string], Row>;
beforeEach(() => {
  pool = new RecordedDatabase();
  lookup = new BatchedLookup((statement) => pool.query(statement), {
    name: 'things',
    keyTypes: ['text', 'uuid'],
    sql: (a, b) => `SELECT id FROM things WHERE a = ${a} AND b = ${b}`,
  });
});

const find = (key: string) => lookup.find(key, `${key}-b`);
const idOf = async (key: string) => (await find(key))?.id ?? null;
/** A row's id, or the message of the error. */
const outcome = (key: string) => idOf(key).catch(({ message }: Error) => message);
const sentKeys = () => pool.statements.map(({ values }) => values);
/** Requests have just been concurrent, so that the next ones are gathered from the first one on. */
async function makeConcurrent() {
  await Promise.all(['x', 'y', 'z'].map(find));
  pool.statements.length = 0;
}

describe('one key', () => {
  it('uses the statement for one key', async () => {
    expect(await idOf('a')).toBe('a');
    expect(pool.statements).toEqual([
      {
        name: 'things',
        text: 'SELECT id FROM things WHERE a = $1 AND b = $2 LIMIT 1',
        values: ['a', 'a-b'],
      },
    ]);
  });

  it('without a row is null', async () => {
    expect(await find('no-row')).toBeNull();
  });
});

describe('a key that is alone', () => {
  it('is sent at once', async () => {
    const found = find('a');
    expect(sentKeys()).toEqual([['a', 'a-b']]);
    await found;
  });

  it('waits for others where the last ones were concurrent', async () => {
    await makeConcurrent();
    const found = find('a');
    expect(sentKeys()).toEqual([]);
    await found;
    expect(sentKeys()).toEqual([['a', 'a-b']]);
  });

  it('is sent at once again after one that was alone', async () => {
    await makeConcurrent();
    await find('a');
    pool.statements.length = 0;
    const found = find('b');
    expect(sentKeys()).toEqual([['b', 'b-b']]);
    await found;
  });

  it('waits for others while a statement is running', async () => {
    const keys = ['a', 'b', 'c'].map(find);
    expect(sentKeys()).toEqual([['a', 'a-b']]);
    await Promise.all(keys);
    expect(sentKeys()).toEqual([
      ['a', 'a-b'],
      [
        ['b', 'c'],
        ['b-b', 'c-b'],
      ],
    ]);
  });
});

describe('keys of one turn of the event loop', () => {
  beforeEach(makeConcurrent);

  it('are looked up with one statement, in their order', async () => {
    expect(await Promise.all(['c', 'a', 'no-row', 'b'].map(idOf))).toEqual(['c', 'a', null, 'b']);
    expect(pool.statements.map(({ name }) => name)).toEqual(['things-batch']);
    expect(sentKeys()).toEqual([
      [
        ['c', 'a', 'no-row', 'b'],
        ['c-b', 'a-b', 'no-row-b', 'b-b'],
      ],
    ]);
  });

  it('share a statement also where they are only two each time', async () => {
    for (let turn = 0; turn < 3; turn++) await Promise.all(['a', 'b'].map(find));
    expect(pool.statements.map(({ name }) => name)).toEqual(Array(3).fill('things-batch'));
  });

  it('may be equal: each caller has a row of their own', async () => {
    const [first, second, other] = await Promise.all([find('a'), find('a'), find('b')]);
    expect([first?.id, second?.id, other?.id]).toEqual(['a', 'a', 'b']);
    expect(first).not.toBe(second);
  });

  it('include those that promises of the same turn request', async () => {
    const late = Promise.resolve().then(() => Promise.resolve().then(() => idOf('b')));
    expect(await Promise.all([idOf('a'), late])).toEqual(['a', 'b']);
    expect(pool.statements).toHaveLength(1);
  });

  it('are divided into statements of 32 keys, which run at the same time', async () => {
    const keys = Array.from({ length: 70 }, (_, index) => `key-${index}`);
    expect(await Promise.all(keys.map(idOf))).toEqual(keys);
    expect(sentKeys().map(([first]) => (first as string[]).length)).toEqual([32, 32, 6]);
    // The rows of the first statement were made when all of them had been sent.
    expect((await find('a'))?.n).toBe(4);
  });
});

describe('a later turn', () => {
  it('has a statement of its own, also while an earlier one is running', async () => {
    const first = find('a');
    await nextTurn();
    expect(pool.statements).toHaveLength(1);
    const second = find('a');
    expect(await first).not.toBe(await second);
    expect(sentKeys()).toEqual([
      ['a', 'a-b'],
      ['a', 'a-b'],
    ]);
  });

  it('is not affected by the error of an earlier one', async () => {
    pool.failure = () => shutDown;
    expect(await Promise.all(['a', 'b'].map(outcome))).toEqual(['shutting down', 'shutting down']);
    pool.failure = () => null;
    expect(await Promise.all(['a', 'b'].map(outcome))).toEqual(['a', 'b']);
  });
});

describe('an error', () => {
  beforeEach(makeConcurrent);

  it('of the statement rejects all its keys, and it is not sent again', async () => {
    pool.failure = () => shutDown;
    expect(await Promise.all(['a', 'b', 'c'].map(outcome))).toEqual(Array(3).fill('shutting down'));
    expect(pool.statements).toHaveLength(1);
  });

  it('of one of several statements rejects only the keys of that statement', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `key-${index}`);
    pool.failure = (sent) => (sent.includes('key-0') ? shutDown : null);
    const outcomes = await Promise.all(keys.map(outcome));
    expect(outcomes).toEqual([...Array(32).fill('shutting down'), ...keys.slice(32)]);
  });

  it('of one value fails its own key alone', async () => {
    pool.failure = (sent) => (sent.includes('bad') ? badValue : null);
    expect(await Promise.all(['a', 'bad', 'b'].map(outcome))).toEqual(['a', 'bad value', 'b']);
  });

  it('of a single key is not tried again', async () => {
    pool.failure = () => badValue;
    expect(await outcome('bad')).toBe('bad value');
    expect(pool.statements).toHaveLength(1);
  });
});
