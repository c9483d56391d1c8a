import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turnstile } from './turnstile.js';

describe('a turnstile', () => {
  it('lets no more through at once than it is wide, and everybody in the end, in order', async () => {
    const turnstile = new Turnstile(2, 1_000);
    const done: number[] = [];
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        turnstile.pass(async () => {
          most = Math.max(most, ++inside);
          await sleep(2);
          inside--;
          done.push(index);
        }),
      ),
    );
    expect(most).toBe(2);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('gives what the work gives, and is free again after work that failed', async () => {
    const turnstile = new Turnstile(1, 1_000);
    await expect(turnstile.pass(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(turnstile.pass(async () => 'yes')).resolves.toBe('yes');
  });

  it('sends away who would wait too long, and who came after him still gets in', async () => {
    const turnstile = new Turnstile(1, 20);
    const slow = turnstile.pass(() => sleep(60));
    await expect(turnstile.pass(async () => 'late')).rejects.toMatchObject({ status: 503, code: 'busy' });
    await slow;
    await expect(turnstile.pass(async () => 'in time')).resolves.toBe('in time');
  });
});
