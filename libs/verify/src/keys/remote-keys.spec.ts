import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  answerKeys,
  answerWith,
  type JwksServer,
  startJwksServer,
} from '../../../../test/support/jwks-server.js';
import { testKey } from '../testing/tokens.js';
import type { TokenError } from '../token-error.js';
import type { KeySetFetch } from '../verifier-observer.js';
import { RemoteKeys } from './remote-keys.js';

const SECOND = 1_000;
const HOUR = 60 * 60 * SECOND;
const a = testKey('a');
const b = testKey('b');
const down = answerWith('', 503);

let server: JwksServer;
let keys: RemoteKeys;
let reported: KeySetFetch[];

const open = (url: string) =>
  new RemoteKeys('test', url, {
    keySetFetched: (fetch) => void reported.push(fetch),
    tokenRefused: () => {},
    feedChanged: () => {},
  });

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  vi.spyOn(globalThis, 'fetch');
  server = await startJwksServer(answerKeys(a));
  reported = [];
  keys = open(server.url);
});
afterEach(async () => {
  keys.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  await server.close();
});

/** `found`, the reason of a 401, or the status of another error. */
const outcome = (kid: string): Promise<string | number> =>
  keys.find(kid).then(
    () => 'found',
    ({ code, status }: TokenError) => (status === 503 ? status : code),
  );

/** Fetches that have started, including those that have not reached the server. */
const begun = () => vi.mocked(fetch).mock.calls.length;

/** Waits for real input and output, while the fake clock does not advance. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5 * SECOND;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('It never came to hold.');
    await setImmediate();
  }
}

const fetches = (outcome: KeySetFetch['outcome']): number =>
  reported.filter((fetch) => fetch.outcome === outcome).length;

/** Advances the clock and waits for the fetch that the timer starts then. */
async function advanceToFetch(milliseconds: number): Promise<void> {
  const hits = server.hits;
  vi.advanceTimersByTime(milliseconds);
  await until(() => server.hits > hits);
  // Shares the current fetch, and so waits for its end.
  await outcome('nobody');
}

describe('fetching', () => {
  it('waits for the first use', async () => {
    vi.advanceTimersByTime(HOUR);
    expect(begun()).toBe(0);
    expect(keys.current('a')).toBeUndefined();
    expect((await keys.find('a')).equals(a.key)).toBe(true);
    expect(server.hits).toBe(1);
  });

  it('is done once for all concurrent calls', async () => {
    await Promise.all(Array.from({ length: 200 }, () => keys.find('a')));
    expect(server.hits).toBe(1);
  });

  it('is repeated in the background, so that a withdrawn key is refused after a minute', async () => {
    await keys.find('a');
    server.answer = answerKeys(b);
    await advanceToFetch(58 * SECOND);
    expect(keys.current('a')).toBeUndefined();
    expect(await outcome('b')).toBe('found');
    await advanceToFetch(58 * SECOND);
    expect(server.hits).toBe(3);
  });

  it('keeps a key that is still published as the same object', async () => {
    const before = await keys.find('a');
    server.answer = answerKeys(b, a);
    await advanceToFetch(58 * SECOND);
    expect(keys.current('a')).toBe(before);
  });

  it('replaces a key under a known kid', async () => {
    const before = await keys.find('a');
    server.answer = answerKeys({ jwk: { ...b.jwk, kid: 'a' } });
    await advanceToFetch(58 * SECOND);
    expect(keys.current('a')).not.toBe(before);
    expect(keys.current('a')?.equals(b.key)).toBe(true);
  });

  it('stops when closed', async () => {
    await keys.find('a');
    keys.close();
    vi.advanceTimersByTime(HOUR);
    expect(begun()).toBe(1);
  });

  it('stops when closed during a fetch', async () => {
    const found = keys.find('a');
    keys.close();
    await found;
    vi.advanceTimersByTime(HOUR);
    expect(begun()).toBe(1);
  });
});

describe('an unknown kid', () => {
  it('is looked up at once, so that a new key works immediately', async () => {
    await keys.find('a');
    server.answer = answerKeys(a, b);
    expect(await outcome('b')).toBe('found');
    expect(server.hits).toBe(2);
  });

  it('causes one fetch in 30 s, also for ten thousand ids', async () => {
    await keys.find('a');
    const flood = (round: number) =>
      Promise.all(Array.from({ length: 2_500 }, (_, index) => outcome(`made-up-${round}-${index}`)));
    for (let round = 0; round < 4; round++) {
      expect(new Set(await flood(round))).toEqual(new Set(['key_unknown']));
      vi.advanceTimersByTime(7 * SECOND);
    }
    expect(server.hits).toBe(2);
    expect(await outcome('a')).toBe('found');
    vi.advanceTimersByTime(3 * SECOND);
    expect(await outcome('made-up')).toBe('key_unknown');
    expect(server.hits).toBe(3);
  });

  it('in the first request causes the first fetch and no second one', async () => {
    expect(await outcome('made-up')).toBe('key_unknown');
    expect(await outcome('made-up-too')).toBe('key_unknown');
    expect(server.hits).toBe(1);
    expect(await outcome('a')).toBe('found');
  });

  it.each(['__proto__', 'constructor', 'toString'])('%s is one', async (kid) => {
    expect(await outcome(kid)).toBe('key_unknown');
  });
});

describe('an outage', () => {
  it('at the start is a 503 with Retry-After, and causes no further fetch', async () => {
    server.answer = down;
    expect(await outcome('a')).toBe(503);
    vi.advanceTimersByTime(4 * SECOND);
    const error = await keys.find('a').catch((error) => error);
    expect(error).toMatchObject({ status: 503, code: 'keys_unavailable', retryAfterSeconds: 6 });
    expect(server.hits).toBe(1);
  });

  it('is retried after 10, 20, 40 and then each 60 s', async () => {
    server.answer = down;
    await outcome('a');
    for (const pause of [10, 20, 40, 60, 60]) {
      const before = begun();
      vi.advanceTimersByTime(pause * SECOND - 1);
      expect(begun()).toBe(before);
      await advanceToFetch(1);
    }
    server.answer = answerKeys(a);
    await advanceToFetch(60 * SECOND);
    expect(await outcome('a')).toBe('found');
    expect(await outcome('b')).toBe('key_unknown');
  });

  it('is a 503 for an unknown key, which may be valid, and does not affect known keys', async () => {
    await keys.find('a');
    server.answer = down;
    await advanceToFetch(58 * SECOND);
    expect(await outcome('b')).toBe(503);
    expect(await outcome('a')).toBe('found');
    expect(server.hits).toBe(2);
  });

  it('leaves known keys valid for 24 h after the last successful fetch', async () => {
    await keys.find('a');
    server.answer = down;
    await advanceToFetch(58 * SECOND);
    const untilThen = 24 * HOUR - 58 * SECOND;
    vi.advanceTimersByTime(untilThen - 1);
    expect(keys.current('a')).toBeDefined();
    vi.advanceTimersByTime(1);
    expect(keys.current('a')).toBeUndefined();
    await until(() => server.hits > 2);
    expect(await outcome('a')).toBe(503);
    server.answer = answerKeys(a);
    await advanceToFetch(60 * SECOND);
    expect(await outcome('a')).toBe('found');
  });

  it('is also a server that does not exist', async () => {
    keys = open('http://127.0.0.1:1/jwks');
    expect(await outcome('a')).toBe(503);
    expect(reported).toEqual([
      {
        issuer: 'test',
        url: 'http://127.0.0.1:1/jwks',
        outcome: 'failed',
        reason: expect.stringContaining('fetch failed'),
        keys: 0,
      },
    ]);
  });

  it.each([
    ['that never answers', () => {}],
    [
      'that drips',
      ((_request, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 100);
        response.on('close', () => clearInterval(drip));
      }) satisfies JwksServer['answer'],
    ],
  ])('of a server %s is one after 2 s', async (_name, answer) => {
    server.answer = answer;
    const started = Date.now();
    expect(await outcome('a')).toBe(503);
    expect(Date.now() - started).toBeGreaterThan(1.8 * SECOND);
    expect(Date.now() - started).toBeLessThan(3 * SECOND);
  });

  it.each([301, 302, 303, 307, 308])('is also a redirect (%d), which is not followed', async (status) => {
    const elsewhere = await startJwksServer(answerKeys(a));
    server.answer = answerWith('', status, { location: elsewhere.url });
    expect(await outcome('a')).toBe(503);
    expect(elsewhere.hits).toBe(0);
    await elsewhere.close();
  });
});

describe('a set', () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ jwk: { ...a.jwk, kid: `k${index}` } }));
  const padded = (bytes: number) => JSON.stringify({ keys: [a.jwk], pad: 'x'.repeat(bytes) });

  it.each<[string, JwksServer['answer']]>([
    ['HTML', answerWith('<!doctype html><title>Welcome</title>')],
    ['nothing', answerWith('')],
    ['JSON cut short', answerWith(JSON.stringify({ keys: [a.jwk] }).slice(0, -1))],
    ['null', answerWith('null')],
    ['an array', answerWith([a.jwk])],
    ['no keys member', answerWith({ status: 'success', data: { keys: [a.jwk] } })],
    ['keys that are no array', answerWith({ keys: { a: a.jwk } })],
    ['no keys', answerKeys()],
    ['no usable key', answerKeys({ jwk: { ...a.jwk, use: 'enc' } })],
    ['no strong key', answerKeys({ jwk: testKey('a', { bits: 1024 }).jwk })],
    ['a kid twice', answerKeys(a, b, { jwk: { ...b.jwk, kid: 'a' } })],
    [
      'a kid twice, of which one is for encryption',
      answerKeys(a, { jwk: { ...b.jwk, kid: 'a', use: 'enc' } }),
    ],
    ['51 keys', answerKeys(...many(51))],
    ['over 1 MB', answerWith(padded(1_000_000))],
    [
      'over 1 MB once unpacked',
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync(padded(20_000_000)));
      },
    ],
    [
      'endless',
      (_request, response) => {
        const more = () => {
          while (response.write(' '.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      },
    ],
  ])('that is refused (%s) leaves the last good one in place', async (_name, answer) => {
    const known = await keys.find('a');
    server.answer = answer;
    await advanceToFetch(58 * SECOND);
    expect(keys.current('a')).toBe(known);
    expect(await outcome('made-up')).toBe(503);
    expect(fetches('refused')).toBe(1);
    expect(fetches('taken')).toBe(1);
  });

  it('of 50 keys is accepted', async () => {
    server.answer = answerKeys(...many(50));
    expect(await outcome('k49')).toBe('found');
  });

  it.each<[string, unknown]>([
    ['use enc', { ...b.jwk, use: 'enc' }],
    ['use of another type', { ...b.jwk, use: ['sig'] }],
    ['alg RSA-OAEP', { ...b.jwk, alg: 'RSA-OAEP' }],
    ['alg RS384', { ...b.jwk, alg: 'RS384' }],
    ['alg none', { ...b.jwk, alg: 'none' }],
    ['another kty', { ...b.jwk, kty: 'EC' }],
    ['a symmetric key', { kty: 'oct', k: 'AAAA', kid: 'b' }],
    ['an EC key', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'b' }],
    ['1024 bits', testKey('b', { bits: 1024 }).jwk],
    ['2047 bits', testKey('b', { bits: 2047 }).jwk],
    ['e = 3', testKey('b', { exponent: 3 }).jwk],
    ['e = 1', { ...b.jwk, e: 'AQ' }],
    ['an even e', { ...b.jwk, e: 'AQAC' }],
    ['no modulus', { ...b.jwk, n: undefined }],
    ['a modulus that is no text', { ...b.jwk, n: { length: 342 } }],
    ['private members', { ...b.jwk, d: 'AQAB', p: 'AQ', q: 'AQ', dp: 'AQ', dq: 'AQ', qi: 'AQ' }],
    ['a PEM', { kid: 'b', pem: b.pem }],
    ['no kid', { ...b.jwk, kid: undefined }],
    ['a kid that is no text', { ...b.jwk, kid: ['b'] }],
    ['null', null],
    ['text', 'b'],
    ['an array', [b.jwk]],
  ])('may hold a key that is unusable (%s): it is skipped', async (_name, jwk) => {
    server.answer = answerKeys({ jwk }, a);
    expect(await outcome('a')).toBe('found');
    expect(await outcome('b')).toBe('key_unknown');
    expect(fetches('refused')).toBe(0);
  });

  it('can omit use and alg, as RFC 7517 allows, and have more members, like Keycloak’s', async () => {
    server.answer = answerKeys(
      { jwk: { ...a.jwk, use: undefined, alg: undefined } },
      { jwk: { ...b.jwk, x5c: ['MIIC'], x5t: 'FH77o57c6MUL5kXrg4S69Nc1lqg', 'x5t#S256': '1uvXdpQ' } },
    );
    expect(await outcome('a')).toBe('found');
    expect(await outcome('b')).toBe('found');
  });

  it('can be the native one, which is in an envelope and also has its keys at the top level', async () => {
    server.answer = answerWith({ status: 'success', code: 200, data: { keys: [a.jwk] }, keys: [a.jwk] });
    expect(await outcome('a')).toBe('found');
  });
});

it('a change of the system clock has no effect', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  await keys.find('a');
  server.answer = down;
  vi.setSystemTime(Date.now() + 48 * HOUR);
  expect(keys.current('a')).toBeDefined();
  vi.setSystemTime(Date.now() - 96 * HOUR);
  expect(keys.current('a')).toBeDefined();
  expect(server.hits).toBe(1);
});
