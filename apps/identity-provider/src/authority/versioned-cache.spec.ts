import { describe, expect, it } from 'vitest';
import { VersionedCache } from './versioned-cache.js';

/** A look-up that counts its calls and ends when the test calls `end`. */
function lookUp(version: string, value: string) {
  const state = { times: 0, end: () => {} };
  const ended = new Promise<void>((resolve) => {
    state.end = resolve;
  });
  const load = async () => {
    state.times++;
    await ended;
    return { version, value };
  };
  return { state, load };
}

const at = (version: string, value: string) => async () => ({ version, value });
const never = () => Promise.reject(new Error('looked up again'));

describe('a cached value', () => {
  it('is not looked up again for the same version', async () => {
    const cache = new VersionedCache<string>();
    await cache.get('role', '1', at('1', 'old'));
    await expect(cache.get('role', '1', never)).resolves.toBe('old');
  });

  it('is looked up again for another version, also for a lower one', async () => {
    const cache = new VersionedCache<string>();
    await cache.get('role', '9', at('9', 'old'));
    await expect(cache.get('role', '10', at('10', 'new'))).resolves.toBe('new');
    await expect(cache.get('role', '9', at('9', 'restored'))).resolves.toBe('restored');
  });

  it('is looked up once for concurrent calls', async () => {
    const cache = new VersionedCache<string>();
    const { state, load } = lookUp('1', 'value');
    const all = Promise.all([1, 2, 3].map(() => cache.get('role', '1', load)));
    state.end();
    await expect(all).resolves.toEqual(['value', 'value', 'value']);
    expect(state.times).toBe(1);
  });

  it('is not shared with a call for a newer version: the running look-up may read the old value', async () => {
    const cache = new VersionedCache<string>();
    const slow = lookUp('1', 'old');
    const first = cache.get('role', '1', slow.load);
    await expect(cache.get('role', '2', at('2', 'new'))).resolves.toBe('new');
    slow.state.end();
    await first;
    await expect(cache.get('role', '2', never)).resolves.toBe('new');
  });

  it('is cached with a lower version than before: the database was restored', async () => {
    const cache = new VersionedCache<string>();
    await cache.get('role', '9', at('9', 'old'));
    await cache.get('role', '3', at('3', 'restored'));
    await expect(cache.get('role', '3', never)).resolves.toBe('restored');
  });

  it('is looked up again after a failed look-up', async () => {
    const cache = new VersionedCache<string>();
    await expect(cache.get('role', '1', never)).rejects.toThrow('looked up again');
    await expect(cache.get('role', '1', at('1', 'value'))).resolves.toBe('value');
  });

  it('is removed when the cache is full and it is the oldest', async () => {
    const cache = new VersionedCache<string>(2);
    for (const key of ['a', 'b', 'c']) await cache.get(key, '1', at('1', key));
    await expect(cache.get('c', '1', never)).resolves.toBe('c');
    await expect(cache.get('a', '1', never)).rejects.toThrow('looked up again');
  });
});
