import { describe, expect, it } from 'vitest';
import { VersionedCache } from './versioned-cache.js';

/** A look-up that counts itself and ends when told. */
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

describe('what is remembered', () => {
  it('is not looked up again while the version holds', async () => {
    const remembered = new VersionedCache<string>();
    await remembered.get('role', '1', at('1', 'old'));
    await expect(remembered.get('role', '1', never)).resolves.toBe('old');
  });

  it('is looked up anew under another version, be it a lower one', async () => {
    const remembered = new VersionedCache<string>();
    await remembered.get('role', '9', at('9', 'old'));
    await expect(remembered.get('role', '10', at('10', 'new'))).resolves.toBe('new');
    await expect(remembered.get('role', '9', at('9', 'restored'))).resolves.toBe('restored');
  });

  it('is looked up once for all who ask at once', async () => {
    const remembered = new VersionedCache<string>();
    const { state, load } = lookUp('1', 'value');
    const all = Promise.all([1, 2, 3].map(() => remembered.get('role', '1', load)));
    state.end();
    await expect(all).resolves.toEqual(['value', 'value', 'value']);
    expect(state.times).toBe(1);
  });

  it('is not shared with who knows of a newer version: the look-up under way may have read the old', async () => {
    const remembered = new VersionedCache<string>();
    const slow = lookUp('1', 'old');
    const first = remembered.get('role', '1', slow.load);
    await expect(remembered.get('role', '2', at('2', 'new'))).resolves.toBe('new');
    slow.state.end();
    await first;
    await expect(remembered.get('role', '2', never)).resolves.toBe('new');
  });

  it('is remembered although its version is lower than the one before: a database was restored', async () => {
    const remembered = new VersionedCache<string>();
    await remembered.get('role', '9', at('9', 'old'));
    await remembered.get('role', '3', at('3', 'restored'));
    await expect(remembered.get('role', '3', never)).resolves.toBe('restored');
  });

  it('is asked for again after a look-up that failed', async () => {
    const remembered = new VersionedCache<string>();
    await expect(remembered.get('role', '1', never)).rejects.toThrow('looked up again');
    await expect(remembered.get('role', '1', at('1', 'value'))).resolves.toBe('value');
  });

  it('stays bounded: the oldest is forgotten', async () => {
    const remembered = new VersionedCache<string>(2);
    for (const key of ['a', 'b', 'c']) await remembered.get(key, '1', at('1', key));
    await expect(remembered.get('c', '1', never)).resolves.toBe('c');
    await expect(remembered.get('a', '1', never)).rejects.toThrow('looked up again');
  });
});
