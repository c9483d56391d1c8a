import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { entryId } from '#libs/verify/src/feed/entry-id.js';
import { FeedAuthority } from '#libs/verify/src/feed/feed-authority.js';
import { parseChange, parseSnapshot } from '#libs/verify/src/feed/feed-message.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { FeedClient } from '../support/feed-client.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const TOKEN = 'a-token-for-the-feed';
const SLOW = { timeout: 15_000, interval: 20 };
const ISSUER = 'https://id.example.com';

const referenceOf = (issuer: string, sessionId: string) => ({
  issuer,
  subject: 'a-subject',
  sessionId,
  keyId: 'a-key',
  issuedAt: Math.floor(Date.now() / 1_000),
});

function isRefused(feed: FeedAuthority, reference: ReturnType<typeof referenceOf>): boolean {
  try {
    feed.assertNotRevoked(reference);
    return false;
  } catch (error) {
    if (error instanceof TokenError && error.code === 'session_ended') return true;
    throw error;
  }
}

describe('a change of 25,000 entries', () => {
  let idp: TestIdentityProvider;
  let url: string;
  let following: FeedAuthority;
  let plain: FeedClient;
  let ended: string[];
  beforeAll(async () => {
    idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
    url = `${idp.directUrl}/authority`;
    plain = await FeedClient.open(url, TOKEN);
    await plain.snapshot();
    following = new FeedAuthority({ feeds: [{ url, token: TOKEN }] });
    await vi.waitFor(() => expect(following.ageSeconds).toBeLessThan(60), SLOW);
    const rows: { id: string }[] = await idp.database.query(
      `INSERT INTO identity.revocations (issuer, kind, id, expires_at)
       SELECT 'native', 'session', gen_random_uuid()::text, now() + interval '1 hour' FROM generate_series(1, 25000)
       RETURNING id`,
    );
    ended = rows.map(({ id }) => id);
    await plain.until((events) => events.length >= 4);
  }, 60_000);
  afterAll(async () => {
    plain?.close();
    following?.close();
    await idp?.close();
  });

  const digests = () => new Set(ended.map((id) => entryId(idp.settings.signing.issuer, 'session', id)));
  const allRefused = (feed: FeedAuthority) =>
    ended.every((id) => isRefused(feed, referenceOf(idp.settings.signing.issuer, id)));

  it('is sent in events of at most 10,000, of which only the last one moves the cursor', () => {
    const [snapshot, ...events] = plain.events;
    const parts = events.map(({ data }) => parseChange(data));
    expect(parts.map((part) => part.ended.length)).toEqual([10_000, 10_000, 5_000]);
    expect(parts.map(({ more }) => more)).toEqual([true, true, undefined]);
    expect(new Set(parts.flatMap((part) => part.ended.map(({ id }) => id)))).toEqual(digests());
    expect(events.map(({ id }) => id === snapshot?.id)).toEqual([true, true, false]);
  });

  it('is sent again to a reader that has read only a part', async () => {
    const feed = await FeedClient.open(url, TOKEN, plain.events[1]?.id);
    await feed.until((events) => events.length === 3);
    feed.close();
    expect(new Set(feed.changes.flatMap((part) => part.ended.map(({ id }) => id)))).toEqual(digests());
    expect(feed.lastEventId).not.toBe(plain.events[1]?.id);
  });

  it('is known to a verifier that follows, and to one that connects later', async () => {
    await expect.poll(() => following.endedEntries, SLOW).toBe(25_000);
    expect(allRefused(following)).toBe(true);
    const later = new FeedAuthority({ feeds: [{ url, token: TOKEN }] });
    await expect.poll(() => later.endedEntries, SLOW).toBe(25_000);
    expect(allRefused(later)).toBe(true);
    later.close();
  });

  it('makes a snapshot of the same parts, and one whole snapshot in JSON', async () => {
    const feed = await FeedClient.open(url, TOKEN);
    const [first, second, third] = await feed.until((events) => events.length === 3);
    feed.close();
    const snapshot = parseSnapshot(first?.data ?? '');
    expect([snapshot.ended.length, snapshot.more, first?.id]).toEqual([10_000, true, '']);
    expect(Object.keys(snapshot.roles)).toContain('admin');
    expect([second?.type, third?.type]).toEqual(['change', 'change']);
    const headers = { accept: 'application/json', authorization: `Bearer ${TOKEN}` };
    const { data } = (await (await fetch(url, { headers })).json()) as { data: { ended: unknown[] } };
    expect(data.ended).toHaveLength(25_000);
    expect(data).not.toHaveProperty('more');
  });
});

it('a verifier that is disconnected between two parts keeps a whole state, and asks for all again', async () => {
  const ended = (sessionId: string) => ({
    kind: 'session',
    id: entryId(ISSUER, 'session', sessionId),
    issued_before: null,
    expires_at: null,
  });
  const message = { version: 1, issued_at: new Date().toISOString(), roles: {}, subjects: [] };
  const write = (response: ServerResponse, type: string, data: object, id = '') =>
    response.write(
      `event: ${type}\n${id && `id: ${id}\n`}data: ${JSON.stringify({ ...message, ...data })}\n\n`,
    );
  const snapshot = { recorded_since: null };
  const change = { removed: { roles: [], subjects: [], ended: [] } };
  const cursors: unknown[] = [];
  const connections: ServerResponse[] = [];
  const server = createServer((request, response) => {
    cursors.push(request.headers['last-event-id']);
    connections.push(response.writeHead(200, { 'content-type': 'text/event-stream' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const events: string[] = [];
  const feed = new FeedAuthority({
    feeds: [{ url, token: TOKEN }],
    observer: ({ kind }) => events.push(kind),
  });
  const connection = async (number: number): Promise<ServerResponse> => {
    await expect.poll(() => connections.length, SLOW).toBe(number);
    return connections[number - 1] as ServerResponse;
  };
  const refused = () => ['a', 'b', 'c'].filter((id) => isRefused(feed, referenceOf(ISSUER, id)));
  try {
    const first = await connection(1);
    write(first, 'snapshot', { ...snapshot, ended: [ended('a')] }, 'one');
    await expect.poll(refused, SLOW).toEqual(['a']);
    // As after a restore from a backup: 'a' is not ended there.
    write(first, 'snapshot', { ...snapshot, ended: [ended('b')], more: true });
    first.end();
    const second = await connection(2);
    expect(refused()).toEqual(['a']);
    write(second, 'snapshot', { ...snapshot, ended: [ended('b')], more: true });
    // What is known is from before the connection was lost.
    await sleep(100);
    expect(feed.isCurrent(Date.now() / 1_000)).toBe(false);
    write(second, 'change', { ...change, ended: [ended('c')] }, 'two');
    await expect.poll(refused, SLOW).toEqual(['b', 'c']);
    expect(feed.isCurrent(Date.now() / 1_000)).toBe(true);
    second.end();
    const third = await connection(3);
    // A role that the second part of the change, and the cursor, do not have.
    write(third, 'change', { ...change, roles: { temporary: ['*'] }, ended: [], more: true });
    await expect.poll(() => feed.hasRole('temporary'), SLOW).toBe(true);
    third.end();
    const fourth = await connection(4);
    write(fourth, 'snapshot', { ...snapshot, roles: { user: [] }, ended: [ended('c')] }, 'three');
    await expect.poll(() => feed.hasRole('temporary'), SLOW).toBe(false);
    expect(cursors).toEqual([undefined, 'one', 'two', undefined]);
    expect(events.filter((kind) => kind === 'snapshot' || kind === 'change')).toEqual([
      'snapshot',
      'snapshot',
      'snapshot',
    ]);
  } finally {
    feed.close();
    server.closeAllConnections();
    server.close();
  }
});
