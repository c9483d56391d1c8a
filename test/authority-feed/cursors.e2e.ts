import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { entryId } from '#libs/verify/src/feed/entry-id.js';
import { FeedClient } from '../support/feed-client.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { createEmptyDatabase, type TestDatabase } from '../support/postgres.js';
import { migrateAll } from '../support/postgres-server.js';

const TOKEN = 'a-token-for-the-feed';

let idp: TestIdentityProvider;
/** Another replica, on the same database. */
let replica: TestIdentityProvider;
beforeAll(async () => {
  idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
  replica = await startTestIdentityProvider({
    authorityFeedToken: TOKEN,
    databaseUrl: idp.settings.databaseUrl,
  });
});
beforeAll(async () => {
  // Only a replica that follows the database knows which roles a cursor of another one has seen.
  await currentCursor(replica);
});
afterAll(async () => {
  await replica?.close();
  await idp?.close();
});

const open = (app: TestIdentityProvider, cursor?: string) =>
  FeedClient.open(`${app.api.url}/authority`, TOKEN, cursor);

/** Reads until the feed has told of everything so far. */
async function currentCursor(app: TestIdentityProvider): Promise<string> {
  const feed = await open(app);
  await feed.snapshot();
  feed.close();
  return feed.lastEventId;
}

/** A cursor that is taken beside a longer transaction, also one of another database, tells known changes again. */
async function untilEarlierTransactionsEnded(): Promise<void> {
  await vi.waitFor(
    async () => {
      const [row] = await idp.database.query(
        'SELECT max(changed_by) < pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS ended FROM identity.revocations',
      );
      expect(row.ended).not.toBe(false);
    },
    { timeout: 30_000 },
  );
}

async function endSession(): Promise<string> {
  const session = await idp.make.session(await idp.make.account());
  await idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [session.id]);
  return entryId(idp.settings.signing.issuer, 'session', session.id);
}

describe('a reader that comes back', () => {
  it.each(['the same process', 'another replica'])('to %s gets what it has missed', async (where) => {
    await untilEarlierTransactionsEnded();
    const cursor = await currentCursor(idp);
    const ended = await endSession();
    const role = await idp.make.role(['things:read']);
    const account = await idp.make.account();
    await idp.database.query('UPDATE identity.accounts SET role_id = $1 WHERE id = $2', [
      role.id,
      account.id,
    ]);
    const feed = await open(where === 'another replica' ? replica : idp, cursor);
    const { removed: _, ...change } = await feed.change(({ ended: told }) =>
      told.some(({ id }) => id === ended),
    );
    const subject = entryId(idp.settings.signing.issuer, 'subject', account.id);
    await feed.change(({ subjects }) =>
      subjects.some(({ id, role: name }) => id === subject && name === role.name),
    );
    await feed.change(({ roles }) => roles[role.name]?.[0] === 'things:read');
    feed.close();
    expect(feed.events.map(({ type }) => type)).not.toContain('snapshot');
    expect(change.ended.map(({ id }) => id)).toEqual([ended]);
  });

  it('learns of a removal', async () => {
    const account = await idp.make.account();
    await idp.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [account.id]);
    const cursor = await currentCursor(idp);
    await idp.database.query(`UPDATE identity.accounts SET status = 'active' WHERE id = $1`, [account.id]);
    const feed = await open(idp, cursor);
    const id = entryId(idp.settings.signing.issuer, 'subject', account.id);
    await feed.change(({ removed }) => removed.ended.some((entry) => entry.id === id));
    feed.close();
    expect(feed.events[0]?.type).toBe('change');
  });

  it('gets no event where nothing has changed, and then the next change', async () => {
    const session = await idp.make.session(await idp.make.account());
    await untilEarlierTransactionsEnded();
    const cursor = await currentCursor(idp);
    const feed = await open(idp, cursor);
    await idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [session.id]);
    await feed.change();
    feed.close();
    const id = entryId(idp.settings.signing.issuer, 'session', session.id);
    expect(feed.changes.map(({ ended }) => ended.map((entry) => entry.id))).toEqual([[id]]);
  });

  it('does not lose a change that was in progress when it left', async () => {
    const session = await idp.make.session(await idp.make.account());
    const slow = idp.database.createQueryRunner();
    await slow.connect();
    await slow.startTransaction();
    await slow.query('DELETE FROM identity.sessions WHERE id = $1', [session.id]);
    await endSession();
    const cursor = await currentCursor(replica);
    await slow.commitTransaction();
    await slow.release();
    const feed = await open(idp, cursor);
    const id = entryId(idp.settings.signing.issuer, 'session', session.id);
    await feed.change(({ ended }) => ended.some((entry) => entry.id === id));
    feed.close();
  });
});

describe('a cursor that is not known', () => {
  let other: TestIdentityProvider;
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
    await migrateAll(database.url);
    other = await startTestIdentityProvider({ authorityFeedToken: TOKEN, databaseUrl: database.url });
  });
  afterAll(async () => {
    await other?.close();
    await database?.close();
  });

  const firstEvent = async (cursor: string) => {
    const feed = await open(idp, cursor);
    const [event] = await feed.until((events) => events.length > 0);
    feed.close();
    return event?.type;
  };

  it.each([
    ['garbage', () => 'garbage'],
    ['a number', () => '42'],
    ['a very long one', () => 'x'.repeat(10_000)],
    ['the old form', (cursor: string) => cursor.replace('1.', '0.')],
    ['an unknown mark', (cursor: string) => cursor.replace(/[^.]+$/, 'AAAAAAAAAAAAAAAA')],
    [
      'a version of the future',
      (cursor: string) => cursor.replace(/^(1\.[^.]+\.[^.]+\.)[^.]+/, '$1zzzzzzzzzz'),
    ],
    [
      'another state of the roles',
      (cursor: string) => cursor.replace(/^(1\.[^.]+\.)[^.]+/, '$1AAAAAAAAAAAAAAAA'),
    ],
  ])('begins with a snapshot: %s', async (_, change) => {
    const cursor = await currentCursor(idp);
    const changed = change(cursor);
    expect(changed).not.toBe(cursor);
    expect(await firstEvent(changed)).toBe('snapshot');
  });

  it('begins with a snapshot: another database', async () => {
    expect(await firstEvent(await currentCursor(other))).toBe('snapshot');
  });
});

it('entries vanish once every token that they concern has expired', async () => {
  const session = await idp.make.session(await idp.make.account());
  await idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [session.id]);
  const id = entryId(idp.settings.signing.issuer, 'session', session.id);
  const read = async () => {
    const { data } = await idp.api.as(TOKEN).get('/authority', { accept: 'application/json' });
    return data.ended.map((entry: { id: string }) => entry.id);
  };
  expect(await read()).toContain(id);
  await idp.database.query(
    `UPDATE identity.revocations SET expires_at = now() + interval '300 ms' WHERE id = $1`,
    [session.id],
  );
  await expect.poll(read, { timeout: 10_000 }).not.toContain(id);
  const feed = await open(replica);
  expect((await feed.snapshot()).ended.map((entry) => entry.id)).not.toContain(id);
  feed.close();
});

it('last as long as the longest token life, and not as long as the session', async () => {
  const [{ seconds }] = await idp.database.query(
    'SELECT max(seconds) AS seconds FROM identity.token_lifetimes',
  );
  expect(seconds).toBe(idp.settings.signing.lifetimeSeconds);
  const expiresAt = new Date(Date.now() + 90 * 86_400_000);
  const session = await idp.make.session(await idp.make.account(), { expiresAt });
  await idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [session.id]);
  const [row] = await idp.database.query(
    'SELECT extract(epoch FROM expires_at - now()) AS left FROM identity.revocations WHERE id = $1',
    [session.id],
  );
  expect(Number(row.left)).toBeGreaterThan(seconds);
  expect(Number(row.left)).toBeLessThanOrEqual(seconds + 90);
});

it('last as long as ACCESS_TOKEN_MINUTES says, where that is longer', async () => {
  const sessions = { ...idp.settings.sessions, accessTokenSeconds: idp.settings.signing.lifetimeSeconds * 2 };
  const other = await startTestIdentityProvider({ sessions });
  try {
    const rows = await other.database.query('SELECT max(seconds) AS seconds FROM identity.token_lifetimes');
    expect(rows).toEqual([{ seconds: sessions.accessTokenSeconds }]);
  } finally {
    await other.close();
  }
});
