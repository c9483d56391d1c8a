import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { entryId } from './entry-id.js';
import { type ChangeMessage, parseSnapshot, type SnapshotMessage } from './feed-message.js';
import { FeedState } from './feed-state.js';

const NOW = Date.parse('2026-11-26T18:00:00Z');
const at = (seconds: number) => new Date(NOW + seconds * 1_000).toISOString();
const id = (text: string) => entryId('https://id.example.com', 'session', text);

const snapshot = (overrides: Partial<SnapshotMessage> = {}): SnapshotMessage => ({
  version: 10,
  issued_at: at(0),
  recorded_since: null,
  roles: {},
  subjects: [],
  ended: [],
  ...overrides,
});

const change = (overrides: Partial<ChangeMessage> = {}): ChangeMessage => {
  const { recorded_since: _, ...rest } = snapshot({ version: 11 });
  return { ...rest, removed: { roles: [], subjects: [], ended: [] }, ...overrides };
};

const ended = (text: string, overrides: Partial<SnapshotMessage['ended'][number]> = {}) => ({
  kind: 'session' as const,
  id: id(text),
  issued_before: null,
  expires_at: at(60),
  ...overrides,
});

const isEnded = (state: FeedState, text: string, issuedAt = NOW / 1_000, now = NOW) =>
  state.isEnded('session', id(text), issuedAt, now);

describe('FeedState', () => {
  it('ignores changes before a snapshot, and older ones', () => {
    const state = new FeedState();
    expect(state.apply(change({ ended: [ended('a')] }))).toBe(false);
    state.replace(snapshot());
    expect(state.apply(change({ version: 9, ended: [ended('a')] }))).toBe(false);
    expect(isEnded(state, 'a')).toBe(false);
    expect(state.apply(change({ ended: [ended('a')] }))).toBe(true);
    expect(isEnded(state, 'a')).toBe(true);
    expect(state.version).toBe(11);
  });

  it('is replaced by a snapshot of any version: the database may be restored from a backup', () => {
    const state = new FeedState();
    state.replace(snapshot({ ended: [ended('a')], roles: { old: ['x:y'] } }));
    state.replace(snapshot({ version: 3, ended: [ended('b')] }));
    expect([isEnded(state, 'a'), isEnded(state, 'b'), state.version]).toEqual([false, true, 3]);
    expect(state.permissionsOf('old')).toEqual([]);
  });

  it('forgets what is removed', () => {
    const state = new FeedState();
    const subjects = [{ id: id('s'), role: 'user', expires_at: null }];
    state.replace(snapshot({ ended: [ended('a'), ended('b')], subjects, roles: { one: [], two: ['*'] } }));
    const removed = {
      roles: ['two'],
      subjects: [id('s')],
      ended: [{ kind: 'session' as const, id: id('a') }],
    };
    state.apply(change({ removed }));
    expect([isEnded(state, 'a'), isEnded(state, 'b')]).toEqual([false, true]);
    expect(state.roleOf(id('s'), NOW)).toBeUndefined();
    expect(state.permissionsOf('two')).toEqual([]);
  });

  it('heeds the times of an entry', () => {
    const state = new FeedState();
    state.replace(
      snapshot({ ended: [ended('a', { issued_before: at(-10) }), ended('b', { expires_at: null })] }),
    );
    expect(isEnded(state, 'a', NOW / 1_000 - 11)).toBe(true);
    expect(isEnded(state, 'a', NOW / 1_000 - 10)).toBe(false);
    expect(isEnded(state, 'a', NOW / 1_000 - 11, NOW + 60_000)).toBe(false);
    expect(isEnded(state, 'b', 0, NOW + 10 ** 12)).toBe(true);
  });

  it('drops expired entries', () => {
    const state = new FeedState();
    state.replace(snapshot({ ended: [ended('a'), ended('b', { expires_at: at(61) })] }));
    state.dropExpired(NOW + 60_000);
    expect(state.endedEntries).toBe(1);
  });

  it('takes a role with the name of a member of every object', () => {
    const state = new FeedState();
    state.replace(
      parseSnapshot(`{"version":1,"issued_at":"${at(0)}","recorded_since":null,"subjects":[],"ended":[],
      "roles":{"__proto__":["x:y"]}}`),
    );
    expect(state.permissionsOf('__proto__')).toEqual(['x:y']);
    expect(state.permissionsOf('constructor')).toEqual([]);
  });

  it('needs less than 5 MB for 10,000 ended sessions', () => {
    const text = JSON.stringify(
      snapshot({ ended: Array.from({ length: 10_000 }, () => ended(randomUUID())) }),
    );
    const state = new FeedState();
    const before = heapAfterCollection();
    state.replace(parseSnapshot(text));
    const used = heapAfterCollection() - before;
    expect(state.endedEntries).toBe(10_000);
    expect(used).toBeGreaterThan(100_000);
    expect(used).toBeLessThan(5 * 1024 * 1024);
  });
});

/** In bytes. Garbage of other files in this process may need several collections. */
function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  let before: number;
  let used = Number.POSITIVE_INFINITY;
  do {
    before = used;
    collect();
    used = process.memoryUsage().heapUsed;
  } while (used < before);
  return used;
}
