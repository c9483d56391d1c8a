import { describe, expect, it } from 'vitest';
import { entryId } from './entry-id.js';
import { FeedFormatError, parseChange, parseSnapshot } from './feed-message.js';

const id = entryId('https://id.example.com', 'session', 'x');
const time = '2026-11-26T18:00:00.000Z';
const snapshot = {
  version: 1,
  issued_at: time,
  recorded_since: null,
  roles: { user: [] },
  subjects: [{ id, role: 'user', expires_at: time }],
  ended: [{ kind: 'session', id, issued_before: null, expires_at: time }],
};
const change = { ...snapshot, removed: { roles: [], subjects: [], ended: [{ kind: 'key', id }] } };

describe('a message of the feed', () => {
  it('is returned where it is valid, with members that are not known', () => {
    expect(parseSnapshot(JSON.stringify({ ...snapshot, later: 1 }))).toMatchObject(snapshot);
    expect(parseChange(JSON.stringify(change))).toEqual(change);
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an envelope', JSON.stringify({ data: snapshot })],
    ...Object.entries({
      'a version that is text': { version: '1' },
      'a version with a fraction': { version: 1.5 },
      'a mark that is text': { more: 'yes' },
      'no time': { issued_at: 'soon' },
      'roles as a list': { roles: [] },
      'permissions as text': { roles: { user: 'x' } },
      'a subject without a role': { subjects: [{ id, expires_at: null }] },
      'an id that is no digest': {
        ended: [{ kind: 'session', id: 'x', issued_before: null, expires_at: null }],
      },
      'another kind': { ended: [{ kind: 'role', id, issued_before: null, expires_at: null }] },
      'an entry without an end': { ended: [{ kind: 'session', id, issued_before: null }] },
      'an end that is a number': { ended: [{ kind: 'session', id, issued_before: null, expires_at: 5 }] },
    }).map(([title, difference]): [string, string] => [
      title,
      JSON.stringify({ ...snapshot, ...difference }),
    ]),
  ])('is refused: %s', (_, text) => {
    expect(() => parseSnapshot(text)).toThrow(FeedFormatError);
    expect(() => parseChange(text)).toThrow(FeedFormatError);
  });

  it('that is a change says what is removed', () => {
    expect(() => parseChange(JSON.stringify(snapshot))).toThrow(FeedFormatError);
  });

  it('is never quoted in the error', () => {
    expect(() => parseSnapshot('{"secret')).toThrow(/^((?!secret).)*$/);
  });
});
