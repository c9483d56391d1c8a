import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { Role } from '#libs/database/identity/role.entity.js';
import { entryId } from '#libs/verify/src/feed/entry-id.js';
import { FeedAuthority } from '#libs/verify/src/feed/feed-authority.js';
import type { FeedEvent } from '#libs/verify/src/feed/feed-observer.js';
import { unique } from '../support/factories.js';
import { FeedClient } from '../support/feed-client.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { runSql } from '../support/postgres-server.js';

const TOKEN = 'a-token-for-the-feed';
const SLOW = { timeout: 20_000, interval: 50 };

let idp: TestIdentityProvider;
beforeEach(async () => {
  idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
});
afterEach(() => idp?.close());

const nameOf = (url: string) => new URL(url).pathname.slice(1);
const onServer = (sql: string) => runSql(inject('postgresUrl'), sql);
const disconnect = (name: string) =>
  onServer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);

/** A copy of the whole database, as a backup of the files makes it. @returns replaces the database with the copy */
async function backup(): Promise<() => Promise<void>> {
  const name = nameOf(idp.settings.databaseUrl);
  const copy = unique('backup').replaceAll('-', '_');
  const withoutConnections = async (work: () => Promise<unknown>) => {
    await onServer(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
    await disconnect(name);
    await work();
    await onServer(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
  };
  await withoutConnections(() => onServer(`CREATE DATABASE ${copy} TEMPLATE ${name}`));
  return async () => {
    await onServer(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
    await disconnect(name);
    await onServer(`DROP DATABASE ${name}`);
    await onServer(`ALTER DATABASE ${copy} RENAME TO ${name}`);
    await onServer(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
  };
}

const url = () => `${idp.directUrl}/authority`;

async function endSession(): Promise<string> {
  const role = await idp.systemRole('user');
  const session = await idp.make.session(await idp.make.account({ roleId: role.id }));
  await idp.database.query('DELETE FROM identity.sessions WHERE id = $1', [session.id]);
  return entryId(idp.settings.signing.issuer, 'session', session.id);
}

it('after a restore from a backup the feed begins again with a snapshot', { timeout: 60_000 }, async () => {
  const kept = await endSession();
  const restore = await backup();
  const lost = await vi.waitFor(endSession, SLOW);
  const role = await idp.database.manager.save(Role, { id: crypto.randomUUID(), name: unique('lost') });
  await idp.database.query('UPDATE identity.authority SET version = version + 1');

  const before = await FeedClient.open(url(), TOKEN);
  const snapshot = await before.snapshot();
  before.close();
  expect(snapshot.ended.map(({ id }) => id).sort()).toEqual([kept, lost].sort());
  expect(snapshot.roles).toHaveProperty(role.name);

  await restore();
  const events: FeedEvent[] = [];
  const authority = new FeedAuthority({
    feeds: [{ url: url(), token: TOKEN }],
    observer: (event) => events.push(event),
  });
  // Other changes come meanwhile, so that the version of the restored database may pass the known one.
  const later = await vi.waitFor(endSession, SLOW);
  await expect
    .poll(async () => {
      const feed = await FeedClient.open(url(), TOKEN, before.lastEventId);
      if (feed.status !== 200) return null;
      const { ended, roles } = await feed.snapshot();
      feed.close();
      return { ids: ended.map(({ id }) => id).sort(), hasRole: role.name in roles };
    }, SLOW)
    .toEqual({ ids: [kept, later].sort(), hasRole: false });
  await expect.poll(() => authority.endedEntries, SLOW).toBe(2);
  authority.close();
});

it('a reader with an open connection learns that the database was restored', {
  timeout: 60_000,
}, async () => {
  const restore = await backup();
  const lost = await vi.waitFor(endSession, SLOW);
  const feed = await FeedClient.open(url(), TOKEN);
  expect((await feed.snapshot()).ended.map(({ id }) => id)).toEqual([lost]);
  await restore();
  await feed.until((events) => events.length > 1);
  expect(feed.events[1]?.type).toBe('snapshot');
  expect(JSON.parse(feed.events[1]?.data ?? '').ended).toEqual([]);
  feed.close();
});
