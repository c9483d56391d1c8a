import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HashQueue } from './hash-queue.js';

/** A job that ends when told. */
function controlled() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { job: () => ended, end };
}

const hashing = (queue: HashQueue, job: () => Promise<unknown>) => queue.hold((place) => place.run(job));

describe('the queue for hashes', () => {
  it('runs as many at once as it may, and the others in the order in which they came', async () => {
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

  it('refuses at once whoever would wait too long, and says for how long', async () => {
    const queue = new HashQueue({ parallelism: 2, hashSeconds: 0.5, maxWaitSeconds: 2 });
    const { job, end } = controlled();
    // Two run, and the last of seven more waits for 7 x 0.5 s / 2 = 1.75 s; one more would wait for 2 s.
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

  it('counts a place from when it is taken, not from when its hash starts', async () => {
    const queue = new HashQueue({ parallelism: 1, hashSeconds: 1, maxWaitSeconds: 1 });
    const { job, end } = controlled();
    const asking = [queue.hold(() => job()), queue.hold(() => job())];
    await expect(hashing(queue, async () => {})).rejects.toMatchObject({ status: 503 });
    end();
    await Promise.all(asking);
  });

  it('gives place and thread back when a hash fails', async () => {
    const queue = new HashQueue({ parallelism: 1, hashSeconds: 1, maxWaitSeconds: 0 });
    const failure = new Error('failed');
    await expect(hashing(queue, () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(hashing(queue, async () => 'good')).resolves.toBe('good');
    expect(queue.figures).toEqual({ running: 0, waiting: 0, rejected: 0 });
  });

  it('learns how long a hash takes', async () => {
    const queue = new HashQueue({ parallelism: 1, hashSeconds: 10, maxWaitSeconds: 2 });
    for (let i = 0; i < 50; i += 1) await hashing(queue, async () => {});
    const { job, end } = controlled();
    const running = hashing(queue, job);
    expect(queue.expectedWait()).toBeGreaterThan(0);
    expect(queue.expectedWait()).toBeLessThan(0.2);
    end();
    await running;
  });
});
