import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { KeyedSemaphore } from './keyed-semaphore.js';

const refusal = () => Object.assign(new Error('Too many requests.'), { status: 429 });
const key = (name: string, limit: number) => ({ name, limit });

/** Creates work that ends when `end` is called. */
function controlled() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end };
}

describe('a keyed semaphore', () => {
  it('keeps an acquired slot until it is disposed of, and frees it once', async () => {
    const semaphore = new KeyedSemaphore(refusal);
    const slot = await semaphore.acquire([key('a', 1)], 1_000);
    await expect(semaphore.acquire([key('a', 1)], 10)).rejects.toMatchObject({ status: 429 });
    slot[Symbol.dispose]();
    using _next = await semaphore.acquire([key('a', 1)], 10);
    slot[Symbol.dispose]();
    await expect(semaphore.acquire([key('a', 1)], 10)).rejects.toMatchObject({ status: 429 });
  });

  it('runs work while all of its keys have a free slot, and the rest in order', async () => {
    const semaphore = new KeyedSemaphore(refusal);
    const entered: string[] = [];
    const run = (name: string, own: number, hold: () => Promise<void>) =>
      semaphore.run([key(name, own), key('all', 3)], 1_000, () => {
        entered.push(name);
        return hold();
      });
    const first = controlled();
    const rest = controlled();
    const runs = [run('a', 1, first.work), run('a', 1, rest.work), run('b', 1, rest.work)];
    runs.push(run('c', 1, rest.work), run('d', 1, rest.work));
    await sleep(0);
    expect(entered).toEqual(['a', 'b', 'c']);
    first.end();
    await sleep(0);
    expect(entered).toEqual(['a', 'b', 'c', 'a']);
    rest.end();
    await Promise.all(runs);
    expect(entered).toEqual(['a', 'b', 'c', 'a', 'd']);
  });

  it('refuses work at once if it may not wait, and accepts work again later', async () => {
    const semaphore = new KeyedSemaphore(refusal);
    const mayWait = (ahead: number) => ahead < 1;
    const { work, end } = controlled();
    const running = ['a', 'b'].map((name) => semaphore.run([key(name, 1)], 1_000, work));
    const waiting = semaphore.run([key('a', 1)], 1_000, async () => 'waited', { mayWait });
    await expect(semaphore.run([key('a', 1)], 1_000, work, { mayWait })).rejects.toMatchObject({
      status: 429,
    });
    const elsewhere = semaphore.run([key('b', 1)], 1_000, async () => 'waited there', { mayWait });
    end();
    await expect(elsewhere).resolves.toBe('waited there');
    await Promise.all(running);
    await expect(waiting).resolves.toBe('waited');
    await expect(semaphore.run([key('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });

  it('refuses work after the timeout', async () => {
    const semaphore = new KeyedSemaphore(refusal);
    const { work, end } = controlled();
    const running = semaphore.run([key('a', 1)], 1_000, work);
    await expect(semaphore.run([key('a', 1)], 20, async () => {})).rejects.toMatchObject({ status: 429 });
    end();
    await running;
    await expect(semaphore.run([key('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });

  it('releases the keys if the work fails', async () => {
    const semaphore = new KeyedSemaphore(refusal);
    const failure = new Error('failed');
    await expect(semaphore.run([key('a', 1)], 0, () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(semaphore.run([key('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });
});

describe('a keyed semaphore with several owners', () => {
  it('alternates between owners and keeps the order of each owner', async () => {
    const semaphore = new KeyedSemaphore(refusal);
    const entered: string[] = [];
    const { work, end } = controlled();
    const first = semaphore.run([key('a', 1)], 1_000, work);
    const rest = ['x1', 'x2', 'x3', 'y1', 'z1', 'y2'].map((name) =>
      semaphore.run([key('a', 1)], 1_000, async () => entered.push(name), { owner: name.slice(0, 1) }),
    );
    end();
    await Promise.all([first, ...rest]);
    expect(entered).toEqual(['x1', 'y1', 'z1', 'x2', 'y2', 'x3']);
  });
});

describe('keys with a limit of one', () => {
  /** Runs work on the same key sequentially. */
  const inTurn = (timeoutMs: number) => {
    const semaphore = new KeyedSemaphore(() =>
      Object.assign(new Error('Busy.'), { status: 503, code: 'busy' }),
    );
    return <T>(name: string, work: () => Promise<T>) => semaphore.run([key(name, 1)], timeoutMs, work);
  };

  it('run work on the same key in order, and on different keys in parallel', async () => {
    const take = inTurn(1_000);
    const done: string[] = [];
    const work = (name: string, ms: number) => async () => {
      await sleep(ms);
      done.push(name);
      return name;
    };
    const all = [take('a', work('a1', 40)), take('a', work('a2', 0)), take('b', work('b1', 10))];
    expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1']);
    expect(done).toEqual(['b1', 'a1', 'a2']);
  });

  it('continue after failed work', async () => {
    const take = inTurn(1_000);
    const failing = take('a', () => Promise.reject(new Error('no')));
    const next = take('a', async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('time out, and start no waiting work early', async () => {
    const take = inTurn(20);
    const { work: ended, end } = controlled();
    let running = 0;
    const work = async () => {
      running += 1;
      expect(running).toBe(1);
      await ended();
      running -= 1;
    };
    const first = take('a', work);
    await expect(take('a', work)).rejects.toMatchObject({ status: 503, code: 'busy' });
    const third = take('a', work);
    end();
    await Promise.all([first, third]);
  });
});

describe('a single key', () => {
  const limited = (limit: number, timeoutMs: number) => {
    const semaphore = new KeyedSemaphore(() =>
      Object.assign(new Error('Busy.'), { status: 503, code: 'busy' }),
    );
    return <T>(work: () => Promise<T>) => semaphore.run([key('all', limit)], timeoutMs, work);
  };

  it('runs no more work at once than its limit, and all of it in order', async () => {
    const run = limited(2, 1_000);
    const done: number[] = [];
    let running = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        run(async () => {
          most = Math.max(most, ++running);
          await sleep(2);
          running--;
          done.push(index);
        }),
      ),
    );
    expect(most).toBe(2);
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('returns the result of the work, and is free again after failed work', async () => {
    const run = limited(1, 1_000);
    await expect(run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(run(async () => 'yes')).resolves.toBe('yes');
  });

  it('refuses work that waits too long, and runs later work', async () => {
    const run = limited(1, 20);
    const slow = run(() => sleep(60));
    await expect(run(async () => 'late')).rejects.toMatchObject({ status: 503, code: 'busy' });
    await slow;
    await expect(run(async () => 'in time')).resolves.toBe('in time');
  });
});
