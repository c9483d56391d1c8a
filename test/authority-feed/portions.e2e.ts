import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AUTHORITY_TABLES } from '#apps/identity-provider/src/authority-feed/authority-tables.js';
import { AuthorityModel, type Update } from '#libs/authority-feed/authority-model.js';
import { AuthorityReader, type RowKey } from '#libs/authority-feed/authority-rows.js';
import { AuthoritySource, type AuthoritySourceOptions } from '#libs/authority-feed/authority-source.js';
import { DatabaseClient } from '#libs/database/connections/database-client.js';
import { entryId } from '#libs/verify/src/feed/entry-id.js';
import { FeedClient } from '../support/feed-client.js';
import { startTestIdentityProvider } from '../support/identity-provider.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { runSql } from '../support/postgres-server.js';

const TOKEN = 'a-token-for-the-feed';
const ISSUER = 'https://id.example.com';
const ISSUERS = new Map([['native', ISSUER] as const]);
const MAX_ROWS = 100;
const SLOW = { timeout: 15_000, interval: 20 };

let database: TestDatabase;
let client: DatabaseClient;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  client = await connect();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await database?.close();
});

async function connect(): Promise<DatabaseClient> {
  const connected = new DatabaseClient({ connectionString: database.url });
  await connected.connect();
  closers.push(() => connected.end());
  return connected;
}

/** Ended sessions `prefix-1000` and on, in the order of their keys. */
const end = (count: number, prefix = 'session', on = client) =>
  on.query(
    `SELECT identity.revoke('native', 'session', $1 || '-' || n, NULL, now() + interval '1 hour')
     FROM generate_series(1000, 999 + $2::int) n`,
    [prefix, count],
  );
const remove = (id: string) =>
  client.query(`SELECT identity.remove_revocation('native', 'session', $1)`, [id]);
const digest = (id: string) => entryId(ISSUER, 'session', id);
const endedIn = (model: AuthorityModel) => model.snapshot(Date.now()).ended.map(({ id }) => id);

describe('a model that reads all rows in portions', () => {
  let model: AuthorityModel;
  let reader: AuthorityReader;
  beforeEach(() => {
    model = new AuthorityModel(ISSUERS);
    reader = new AuthorityReader(AUTHORITY_TABLES, MAX_ROWS);
    model.reconnect();
  });

  async function poll(restarts = 0): Promise<Update> {
    const { server_started_at, ...read } = await reader.changes(client, model.position);
    return model.apply({ ...read, server_started_at: server_started_at + restarts }, Date.now());
  }
  const portion = async () => model.applyPortion(await reader.portion(client, model.nextPortion as RowKey));
  /** Reads as the source does, until all rows are read. */
  async function readAll(restarts = 0): Promise<Update[]> {
    const updates = [await poll(restarts)];
    while (model.nextPortion) {
      await portion();
      updates.push(await poll(restarts));
    }
    return updates;
  }
  /** As another server has a row after a failover that lost transactions: it gives their numbers again. */
  async function rewrite(id: string, columns: string): Promise<void> {
    await client.query('ALTER TABLE identity.revocations DISABLE TRIGGER revocations_mark');
    await client.query(`UPDATE identity.revocations SET ${columns}, mark = gen_random_uuid() WHERE id = $1`, [
      id,
    ]);
    await client.query('ALTER TABLE identity.revocations ENABLE TRIGGER revocations_mark');
  }
  const partsOf = (updates: Update[]) => updates.flatMap((one) => (one.kind === 'change' ? one.parts : []));

  it('tells nothing before it has all rows', async () => {
    await end(250);
    const updates = await readAll();
    expect(updates).toEqual([
      ...Array.from({ length: 3 }, () => ({ kind: 'change', parts: [], hasMore: false })),
      { kind: 'replaced' },
    ]);
    expect(endedIn(model)).toHaveLength(250);
  });

  it('does not lose what changes between two portions, nor a commit that comes late', async () => {
    await end(250);
    const slow = await connect();
    await slow.query('BEGIN');
    await end(1, 'a-late', slow);
    await poll();
    await portion();
    await slow.query('COMMIT');
    await end(1, 'a-new');
    await remove('session-1000');
    await remove('session-1249');
    await readAll();
    const ended = endedIn(model);
    expect(ended).toHaveLength(250);
    expect(ended).toEqual(expect.arrayContaining([digest('a-late-1000'), digest('a-new-1000')]));
    expect(ended).not.toContain(digest('session-1000'));
    expect(ended).not.toContain(digest('session-1249'));
  });

  it('tells news between two portions', async () => {
    await end(250);
    await readAll();
    model.check();
    await poll();
    await portion();
    await end(1, 'news');
    const update = await poll();
    expect(partsOf([update]).flatMap((part) => part.ended.map(({ id }) => id))).toEqual([
      digest('news-1000'),
    ]);
    expect(update).toMatchObject({ hasMore: false });
    expect(partsOf(await readAll())).toEqual([]);
  });

  it('reads more changes than one read can have in portions, as one message', async () => {
    await end(250);
    await readAll();
    await end(250, 'more');
    const updates = await readAll();
    const told = partsOf(updates).flatMap((part) => part.ended.map(({ id }) => id));
    expect(new Set(told)).toEqual(new Set(Array.from({ length: 250 }, (_, n) => digest(`more-${1000 + n}`))));
    expect(told).toHaveLength(250);
    const tellingUpdates = updates.filter((one) => partsOf([one]).length > 0);
    expect(tellingUpdates.map((one) => one.kind === 'change' && one.hasMore)).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect(model.isComplete).toBe(true);
  });

  it('reads again what changes in portions that were read before', async () => {
    await end(250);
    await poll();
    await portion();
    await portion();
    await client.query('UPDATE identity.revocations SET removed = true');
    await readAll();
    expect(endedIn(model)).toEqual([]);
    expect(model.isComplete).toBe(true);
  });

  it('reads the changes beside a long transaction once', async () => {
    const long = await connect();
    await long.query('BEGIN');
    await end(1, 'long', long);
    await readAll();
    await end(250);
    await readAll();
    expect(await reader.changes(client, model.position)).toMatchObject({ rows: [], is_full: false });
    await long.query('COMMIT');
    await poll();
    expect(endedIn(model)).toContain(digest('long-1000'));
  });

  it('reads rows with the transaction numbers of another server once', async () => {
    await end(250);
    await client.query('ALTER TABLE identity.revocations DISABLE TRIGGER revocations_mark');
    await client.query('UPDATE identity.revocations SET changed_by = 1e12');
    await client.query('ALTER TABLE identity.revocations ENABLE TRIGGER revocations_mark');
    await readAll();
    expect(endedIn(model)).toHaveLength(250);
    await remove('session-1000');
    expect(await reader.changes(client, model.position)).toMatchObject({ rows: [{ id: 'session-1000' }] });
  });

  it('tells a reader that comes from another process what it has missed', async () => {
    await end(250);
    await readAll();
    const other = new AuthorityModel(ISSUERS);
    other.reconnect();
    const cursor = model.cursor();
    await end(1, 'missed');
    model = other;
    await readAll();
    const missed = other.since(cursor, Date.now())?.flatMap((part) => part.ended.map(({ id }) => id));
    expect(missed).toContain(digest('missed-1000'));
    expect(other.since({ ...cursor, mark: 'A'.repeat(16) }, Date.now())).toBeNull();
  });

  it('does not repeat a read of changes on a new connection: it may have taken too long', async () => {
    await end(250);
    await readAll();
    await end(50, 'missed');
    model.reconnect();
    const read = await reader.changes(client, model.position);
    expect(read).toMatchObject({ rows: [], roles: {} });
    expect(partsOf(await readAll()).flatMap((part) => part.ended)).toHaveLength(50);
  });

  it('sees changes in savepoints when their transaction is committed', async () => {
    await readAll();
    const slow = await connect();
    await slow.query('BEGIN');
    for (const name of ['a', 'b', 'c']) {
      await slow.query(`SAVEPOINT ${name}`);
      await end(1, name, slow);
    }
    await slow.query('ROLLBACK TO SAVEPOINT c');
    await end(1, 'beside');
    await poll();
    expect(endedIn(model)).toEqual([digest('beside-1000')]);
    await slow.query('COMMIT');
    await poll();
    expect(endedIn(model)).toEqual(['beside-1000', 'a-1000', 'b-1000'].map(digest));
  });

  it('reads all rows of another server, behind the same connection', async () => {
    await end(250);
    await readAll();
    await rewrite('session-1000', 'removed = true');
    await readAll();
    expect(endedIn(model)).toHaveLength(250);
    await readAll(1);
    expect(endedIn(model)).toHaveLength(249);
  });

  it('begins again where the last change of a row is lost: its number may be given again', async () => {
    await end(250);
    await remove('session-1120');
    await readAll();
    const cursor = model.cursor();
    await rewrite('session-1120', 'removed = false, changed_by = 3');
    model.reconnect();
    expect((await readAll()).at(-1)).toEqual({ kind: 'replaced' });
    expect(endedIn(model)).toHaveLength(250);
    expect(model.since(cursor, Date.now())).toBeNull();
  });

  it('goes on where a row has been changed by an older transaction after a newer one', async () => {
    await end(250);
    const old = await connect();
    await old.query('BEGIN');
    await old.query('SELECT pg_current_xact_id()');
    await remove('session-1120');
    await readAll();
    model.check();
    await poll();
    await portion();
    await old.query(
      `SELECT identity.revoke('native', 'session', 'session-1120', NULL, now() + interval '1 hour')`,
    );
    await old.query('COMMIT');
    await portion();
    expect(new Set([await poll(), ...(await readAll())].map(({ kind }) => kind))).toEqual(
      new Set(['change']),
    );
    expect(endedIn(model)).toContain(digest('session-1120'));
  });

  it('does not miss a row that has expired, where its own clock is slow', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 60_000 });
    closers.push(async () => vi.useRealTimers());
    await end(250);
    await client.query(
      `UPDATE identity.revocations SET expires_at = now() + interval '1 second' WHERE id = 'session-1120'`,
    );
    await readAll();
    expect(model.size).toBe(250);
    await client.query('SELECT pg_sleep(1.1)');
    model.check();
    expect(new Set((await readAll()).map(({ kind }) => kind))).toEqual(new Set(['change']));
  });

  it('begins again where a row has disappeared, and tells it after all rows', async () => {
    await end(250);
    await readAll();
    await client.query(`DELETE FROM identity.revocations WHERE id = 'session-1120'`);
    expect(await readAll()).toMatchObject([{ kind: 'change' }]);
    model.check();
    const updates = await readAll();
    expect(updates.at(-1)).toEqual({ kind: 'replaced' });
    expect(partsOf(updates)).toEqual([]);
    expect(endedIn(model)).toHaveLength(249);
  });
});

describe('a source', () => {
  let model: AuthorityModel;
  let updates: { kind: Update['kind']; age: number }[];

  function follow(options: Partial<AuthoritySourceOptions> = {}): AuthoritySource {
    model = new AuthorityModel(ISSUERS);
    updates = [];
    const source = new AuthoritySource({
      databaseUrl: database.url,
      pooled: false,
      applicationName: 'a test of the feed',
      tables: AUTHORITY_TABLES,
      model,
      onUpdate: ({ kind }) => updates.push({ kind, age: source.ageSeconds }),
      maxRows: MAX_ROWS,
      ...options,
    });
    closers.push(() => source.close());
    return source;
  }

  it.each([true, false])(
    'is read after several portions, and has no age before (pooled: %s)',
    async (pooled) => {
      await end(450);
      const source = follow({ pooled });
      await source.read(10_000);
      expect(updates.map(({ kind }) => kind)).toEqual([...Array(5).fill('change'), 'replaced']);
      expect(updates.map(({ age }) => age)).toEqual(Array(6).fill(Number.POSITIVE_INFINITY));
      expect(source.ageSeconds).toBeLessThan(10);
      expect(endedIn(model)).toHaveLength(450);
    },
  );

  it('finds by its check that a row has disappeared', async () => {
    await end(250);
    await follow({ checkMs: 100 }).read(10_000);
    await client.query(`DELETE FROM identity.revocations WHERE id = 'session-1120'`);
    await expect.poll(() => updates.filter(({ kind }) => kind === 'replaced').length, SLOW).toBe(2);
    expect(endedIn(model)).toHaveLength(249);
  });

  it('is not up to date while all rows cannot be read', async () => {
    await end(250);
    const source = follow();
    await source.read(10_000);
    // A kind whose ids are accounts': all reads of this row fail.
    await client.query(
      `INSERT INTO identity.revocations (issuer, kind, id) VALUES ('native', 'role', 'none')`,
    );
    await expect.poll(() => source.ageSeconds, SLOW).toBeGreaterThan(3);
    await end(1, 'late');
    await client.query(`DELETE FROM identity.revocations WHERE id = 'none'`);
    await source.read(10_000);
    expect(source.ageSeconds).toBeLessThan(3);
    expect(endedIn(model)).toContain(digest('late-1000'));
  });

  it('goes on after more changes than one read can have, also while it was disconnected', async () => {
    await end(250);
    const source = follow();
    await source.read(10_000);
    await end(250, 'more');
    await source.read(10_000);
    expect(endedIn(model)).toHaveLength(500);
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'a test of the feed'`,
    );
    await end(250, 'yet-more');
    await expect.poll(() => endedIn(model).length, SLOW).toBe(750);
    await source.read(10_000);
    expect(updates.filter(({ kind }) => kind === 'replaced')).toHaveLength(1);
  });
});

it('a feed of 40,000 entries begins with a snapshot of all', { timeout: 60_000 }, async () => {
  const idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
  closers.push(() => idp.close());
  await runSql(
    idp.settings.databaseUrl,
    `INSERT INTO identity.revocations (issuer, kind, id, expires_at)
     SELECT 'native', 'session', gen_random_uuid()::text, now() + interval '1 hour' FROM generate_series(1, 40000)`,
  );
  const url = `${idp.directUrl}/authority`;
  let feed = await FeedClient.open(url, TOKEN);
  // A busy machine may need longer than a reader waits.
  while (feed.status === 503) feed = await FeedClient.open(url, TOKEN);
  await feed.until((events) => events.length === 4);
  const ids = [await feed.snapshot(), ...feed.changes].flatMap(({ ended }) => ended.map(({ id }) => id));
  expect(new Set(ids).size).toBe(40_000);
  feed.close();
});
