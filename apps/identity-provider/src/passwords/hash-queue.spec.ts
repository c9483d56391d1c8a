import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { HashClient } from './fair-places.js';
import { HashQueue } from './hash-queue.js';

/** Creates a job that ends when `end` is called. */
function controlled() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { job: () => ended, end };
}

const CLIENT: HashClient = { network: '192.0.2.7', account: 'ada@example.com' };

async function hashing(queue: HashQueue, job: () => Promise<unknown>, client = CLIENT): Promise<unknown> {
  using place = queue.take(client);
  return await place.run(job);
}

describe('the hash queue', () => {
  it('runs jobs up to its parallelism, and the others in order of arrival', async () => {
    const queue = new HashQueue({ parallelism: 2, hashSeconds: 0.01 });
    const started: number[] = [];
    const jobs = [controlled(), controlled(), controlled(), controlled()];
    const all = jobs.map(({ job }, index) =>
      hashing(queue, () => {
        started.push(index);
        return job();
      }),
    );
    await sleep(0);
    expect(started).toEqual([0, 1]);
    expect(queue.figures).toEqual({ running: 2, waiting: 2, rejected: 0 });
    jobs[1]!.end();
    await all[1];
    expect(started).toEqual([0, 1, 2]);
    for (const { end } of jobs) end();
    await Promise.all(all);
    expect(started).toEqual([0, 1, 2, 3]);
    expect(queue.figures).toEqual({ running: 0, waiting: 0, rejected: 0 });
  });

  it('refuses a client at once if it would wait too long, with Retry-After', async () => {
    const queue = new HashQueue({ parallelism: 2, hashSeconds: 0.5, maxWaitSeconds: 2 });
    const { job, end } = controlled();
    // Two run, and the last of seven more waits for 7 x 0.5 s / 2 = 1.75 s; the next one would wait for 2 s.
    const taken = Array.from({ length: 9 }, () => hashing(queue, job));
    const last = hashing(queue, job);
    await expect(hashing(queue, job)).rejects.toMatchObject({
      status: 503,
      code: 'overloaded',
      headers: { 'retry-after': '3' },
    });
    expect(queue.figures.rejected).toBe(1);
    end();
    await Promise.all([...taken, last]);
    await expect(hashing(queue, async () => 'again')).resolves.toBe('again');
  });

  it('counts a place as soon as it is taken, before its hash starts', async () => {
    const queue = new HashQueue({ parallelism: 1, hashSeconds: 1, maxWaitSeconds: 1 });
    const { job, end } = controlled();
    const ask = async () => {
      using _place = queue.take(CLIENT);
      await job();
    };
    const asking = [ask(), ask()];
    await expect(hashing(queue, async () => {})).rejects.toMatchObject({ status: 503 });
    end();
    await Promise.all(asking);
    await expect(hashing(queue, async () => 'again')).resolves.toBe('again');
  });

  it('releases the place and the thread when a hash fails', async () => {
    const queue = new HashQueue({ parallelism: 1, hashSeconds: 1, maxWaitSeconds: 0 });
    const failure = new Error('failed');
    await expect(hashing(queue, () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(hashing(queue, async () => 'good')).resolves.toBe('good');
    expect(queue.figures).toEqual({ running: 0, waiting: 0, rejected: 0 });
  });

  it('measures the duration of a hash', async () => {
    const queue = new HashQueue({ parallelism: 1, hashSeconds: 10, maxWaitSeconds: 2 });
    for (let i = 0; i < 50; i += 1) await hashing(queue, async () => {});
    const { job, end } = controlled();
    const running = hashing(queue, job);
    expect(queue.expectedWait).toBeGreaterThan(0);
    expect(queue.expectedWait).toBeLessThan(0.2);
    end();
    await running;
  });
});

/**
 * A queue with one thread and eight places; a quarter of them is two. `turns` advances it. `from` requests places for
 * clients and records the ones that start or are refused.
 */
class Bench {
  readonly queue = new HashQueue({ parallelism: 1, hashSeconds: 1, maxWaitSeconds: 7 });
  readonly started: string[] = [];
  readonly refused: string[] = [];
  private running: (() => void)[] = [];

  /** @param names `a/x` for the account x in the network a, or `a/x1` for the first of several */
  from(...names: string[]): this {
    for (const name of names) {
      const [network = '', account = ''] = name.replace(/\d+$/, '').split('/');
      const job = async () => {
        this.started.push(name);
        await new Promise<void>((resolve) => this.running.push(resolve));
      };
      hashing(this.queue, job, { network, account }).catch(() => this.refused.push(name));
    }
    return this;
  }

  async turns(count: number): Promise<this> {
    for (let i = 0; i < count; i += 1) {
      await sleep(0);
      this.running.shift()?.();
    }
    await sleep(0);
    // The measured average must not change the number of places.
    Object.assign(this.queue, { hashSeconds: 1 });
    return this;
  }
}

const many = (count: number, name: string) =>
  Array.from({ length: count }, (_, index) => `${name}${index + 1}`);

describe('fair shares of the queue', () => {
  it('alternate between networks, and within a network between accounts', async () => {
    const bench = new Bench().from('a/x1', 'a/x2', 'a/x3', 'a/y1', 'b/x1', 'b/x2', 'c/z1');
    await bench.turns(7);
    expect(bench.started).toEqual(['a/x1', 'b/x1', 'c/z1', 'a/y1', 'b/x2', 'a/x2', 'a/x3']);
    expect(bench.refused).toEqual([]);
  });

  it('give all places to a single client', async () => {
    const bench = new Bench().from(...many(9, 'a/x'));
    await bench.turns(0);
    expect(bench.refused).toEqual(['a/x9']);
    expect(bench.queue.figures).toEqual({ running: 1, waiting: 7, rejected: 1 });
  });

  it('give the newest place of the largest share to a client with fewer places', async () => {
    const bench = new Bench().from(...many(8, 'a/x'), 'b/y1', 'b/y2', 'b/y3', 'b/y4', 'b/y5', 'c/z1');
    await bench.turns(0);
    expect(bench.refused.toSorted()).toEqual(['a/x5', 'a/x6', 'a/x7', 'a/x8', 'b/y4', 'b/y5']);
    await bench.turns(8);
    expect(bench.started).toEqual(['a/x1', 'b/y1', 'c/z1', 'a/x2', 'b/y2', 'a/x3', 'b/y3', 'a/x4']);
  });

  it('refuse no network below a quarter while another one has more', async () => {
    const bench = new Bench().from('d/u', 'e/v', ...many(3, 'a/x'), ...many(3, 'b/y'));
    bench.from('c/z1', 'c/z2');
    await bench.turns(0);
    expect(bench.refused).toHaveLength(2);
    expect(bench.refused.every((name) => /^[ab]/.test(name))).toBe(true);
  });

  it('give a place to an account that has fewer places in the same network', async () => {
    const bench = new Bench().from(...many(4, 'a/x'), ...many(4, 'a/y'), 'a/z');
    await bench.turns(3);
    expect(bench.refused).toEqual(['a/y4']);
    expect(bench.started).toContain('a/z');
  });

  it('of few accounts in many networks yield to another account from another network', async () => {
    const bench = new Bench().from('a/x', 'b/x', 'c/x', 'd/x', 'e/y', 'f/y', 'g/y', 'h/y');
    await bench.from('i/z').turns(0);
    expect(bench.refused).toEqual(['h/y']);
    // An equally busy account gets no place.
    await bench.from('k/x').turns(0);
    expect(bench.refused).toEqual(['h/y', 'k/x']);
  });

  it('of few accounts in many networks yield to another account from the same network', async () => {
    const bench = new Bench().from('a/x', 'b/x', 'c/y', 'c/z', 'd/x', 'e/x', 'f/x', 'g/x');
    await bench.from('b/v', 'c/v').turns(0);
    expect(bench.refused.toSorted()).toEqual(['c/v', 'g/x']);
    // The network now has its quarter, so one of its own places is refused.
    await bench.from('b/w').turns(0);
    expect(bench.refused.at(-1)).toBe('b/x');
  });

  it('of many accounts in one network take at most a quarter from busier accounts', async () => {
    const bench = new Bench().from('b/x', 'c/x', 'd/x', 'e/x', 'f/x', 'g/x', 'h/x', 'a/1a', 'a/2a', 'a/3a');
    await bench.turns(0);
    expect(bench.refused.toSorted()).toEqual(['a/3a', 'h/x']);
  });

  it('can be checked before a place is taken', async () => {
    const { queue } = await new Bench().from(...many(8, 'a/x')).turns(0);
    const refuses = (network: string, account: string | null) => {
      try {
        queue.requireRoom({ network, account });
        return false;
      } catch (error) {
        expect(error).toMatchObject({ status: 503, code: 'overloaded' });
        return true;
      }
    };
    expect(refuses('a', 'x')).toBe(true);
    expect(refuses('a', 'y')).toBe(false);
    expect(refuses('b', 'x')).toBe(false);
    expect(refuses('b', null)).toBe(false);
  });

  it('refuse a place that was overtaken by more turns than the queue has places', async () => {
    const bench = new Bench().from(...many(6, 'a/x'));
    for (const network of 'bcdefghi') await bench.from(`${network}/y`).turns(1);
    expect(bench.refused).toEqual(['a/x4', 'a/x5', 'a/x6']);
    expect(bench.queue.figures.rejected).toBe(3);
  });

  it('take a held place that is not ready for its turn yet', async () => {
    const { queue } = new Bench();
    const { job: preparing, end } = controlled();
    const prepareAndHash = async () => {
      using place = queue.take(CLIENT);
      await preparing();
      return await place.run(async () => 'hashed');
    };
    const held = Array.from({ length: 8 }, prepareAndHash);
    const other = hashing(queue, async () => 'hashed', { network: 'b', account: 'y' });
    await expect(other).resolves.toBe('hashed');
    end();
    await expect(held.at(-1)).rejects.toMatchObject({ status: 503, code: 'overloaded' });
    await expect(Promise.all(held.slice(0, -1))).resolves.toEqual(Array(7).fill('hashed'));
    expect(queue.figures).toEqual({ running: 0, waiting: 0, rejected: 1 });
  });
});
