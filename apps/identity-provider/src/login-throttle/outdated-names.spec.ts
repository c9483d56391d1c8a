import { describe, expect, it } from 'vitest';
import { OutdatedNames } from './outdated-names.js';

async function* pages(...all: string[][]) {
  yield* all;
}

describe('outdated names', () => {
  it('are removed once, with those that are added meanwhile', async () => {
    const outdated = new OutdatedNames();
    outdated.add(['a', 'b']);
    const removed: string[][] = [];
    const remove = async (names: string[]) => {
      if (removed.push(names) === 1) outdated.add(['c']);
    };
    await outdated.removeAll(remove, () => pages());
    await outdated.removeAll(remove, () => pages());
    expect(removed).toEqual([['a', 'b'], ['c']]);
  });

  it('stay outdated if they could not be removed', async () => {
    const outdated = new OutdatedNames();
    outdated.add(['a']);
    const failure = new Error('away');
    await expect(
      outdated.removeAll(
        () => Promise.reject(failure),
        () => pages(),
      ),
    ).rejects.toBe(failure);
    const removed: string[][] = [];
    await outdated.removeAll(
      async (names) => void removed.push(names),
      () => pages(),
    );
    expect(removed).toEqual([['a']]);
  });

  it('are all names if there are too many', async () => {
    const outdated = new OutdatedNames();
    outdated.add(Array.from({ length: 10_001 }, (_, index) => String(index)));
    const removed: string[][] = [];
    await outdated.removeAll(
      async (names) => void removed.push(names),
      () => pages(['x'], [], ['y']),
    );
    expect(removed).toEqual([['x'], ['y']]);
  });
});
