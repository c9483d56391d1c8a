import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { KeyedSemaphore } from './keyed-semaphore.js';

const createError = () => Object.assign(new Error('Too many requests.'), { status: 429 });
const key = (name: string, limit: number) => ({ name, limit });

/** A task that ends when `end` is called. */
function createTask() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end };
}

describe('a semaphore with several keys', () => {
  it('runs as many tasks as all their keys allow, and the others in order', async () => {
    const semaphore = new KeyedSemaphore(createError);
    const started: string[] = [];
    const start = (name: string, limit: number, task: () => Promise<void>) =>
      semaphore.run([key(name, limit), key('all', 3)], 1_000, () => {
        started.push(name);
        return task();
      });
    const first = createTask();
    const rest = createTask();
    const running = [start('a', 1, first.work), start('a', 1, rest.work), start('b', 1, rest.work)];
    running.push(start('c', 1, rest.work), start('d', 1, rest.work));
    await sleep(0);
    expect(started).toEqual(['a', 'b', 'c']);
    first.end();
    await sleep(0);
    expect(started).toEqual(['a', 'b', 'c', 'a']);
    rest.end();
    await Promise.all(running);
    expect(started).toEqual(['a', 'b', 'c', 'a', 'd']);
  });

  it('rejects at once when no more tasks may wait, and accepts tasks again later', async () => {
    const semaphore = new KeyedSemaphore(createError, (waiting) => waiting < 1);
    const { work, end } = createTask();
    const inside = semaphore.run([key('a', 1)], 1_000, work);
    const waiting = semaphore.run([key('a', 1)], 1_000, async () => 'waited');
    await expect(semaphore.run([key('a', 1)], 1_000, work)).rejects.toMatchObject({ status: 429 });
    end();
    await inside;
    await expect(waiting).resolves.toBe('waited');
    await expect(semaphore.run([key('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });

  it('rejects a task after its timeout', async () => {
    const semaphore = new KeyedSemaphore(createError);
    const { work, end } = createTask();
    const inside = semaphore.run([key('a', 1)], 1_000, work);
    await expect(semaphore.run([key('a', 1)], 20, async () => {})).rejects.toMatchObject({ status: 429 });
    end();
    await inside;
    await expect(semaphore.run([key('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });

  it('is released by a task that fails', async () => {
    const semaphore = new KeyedSemaphore(createError, () => false);
    const failure = new Error('failed');
    await expect(semaphore.run([key('a', 1)], 0, () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(semaphore.run([key('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });
});

describe('a semaphore with a limit of one per key', () => {
  const serialize = (timeoutMs: number) => {
    const semaphore = new KeyedSemaphore(() =>
      Object.assign(new Error('Busy.'), { status: 503, code: 'busy' }),
    );
    return <T>(name: string, work: () => Promise<T>) => semaphore.run([key(name, 1)], timeoutMs, work);
  };

  it('runs tasks of one key in order, and tasks of another key at the same time', async () => {
    const run = serialize(1_000);
    const done: string[] = [];
    const work = (name: string, ms: number) => async () => {
      await sleep(ms);
      done.push(name);
      return name;
    };
    const all = [run('a', work('a1', 40)), run('a', work('a2', 0)), run('b', work('b1', 10))];
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1']);
    expect(done).toEqual(['b1', 'a1', 'a2']);
  });

  it('continues after a task that failed', async () => {
    const run = serialize(1_000);
    const failing = run('a', () => Promise.reject(new Error('no')));
    const next = run('a', async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('rejects a task after its timeout, and runs the next one only when there is room', async () => {
    const run = serialize(20);
    const { work: ended, end } = createTask();
    let inside = 0;
    const work = async () => {
      inside += 1;
      expect(inside).toBe(1);
      await ended();
      inside -= 1;
    };
    const first = run('a', work);
    await expect(run('a', work)).rejects.toMatchObject({ status: 503, code: 'busy' });
    const third = run('a', work);
    end();
    await Promise.all([first, third]);
  });
});

describe('a semaphore with a single key', () => {
  const createSemaphore = (limit: number, timeoutMs: number) => {
    const semaphore = new KeyedSemaphore(() =>
      Object.assign(new Error('Busy.'), { status: 503, code: 'busy' }),
    );
    return <T>(work: () => Promise<T>) => semaphore.run([key('all', limit)], timeoutMs, work);
  };

  it('never runs more tasks than its limit, and runs all of them in order', async () => {
    const run = createSemaphore(2, 1_000);
    const done: number[] = [];
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        run(async () => {
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

  it('returns the result of the task, and is free after a task that failed', async () => {
    const run = createSemaphore(1, 1_000);
    await expect(run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(run(async () => 'yes')).resolves.toBe('yes');
  });

  it('rejects a task that waits too long, and still runs the next one', async () => {
    const run = createSemaphore(1, 20);
    const slow = run(() => sleep(60));
    await expect(run(async () => 'late')).rejects.toMatchObject({ status: 503, code: 'busy' });
    await slow;
    await expect(run(async () => 'in time')).resolves.toBe('in time');
  });
});
