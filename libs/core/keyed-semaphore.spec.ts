import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { KeyedSemaphore } from './keyed-semaphore.js';

const refusal = () => Object.assign(new Error('Too many requests.'), { status: 429 });
const lane = (name: string, limit: number) => ({ name, limit });

/** Work that ends when told. */
function controlled() {
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => ended, end };
}

describe('the lanes of tries', () => {
  it('let in as many as fit into all lanes of a try, the others in order as room comes', async () => {
    const lanes = new KeyedSemaphore(refusal);
    const entered: string[] = [];
    const pass = (name: string, own: number, hold: () => Promise<void>) =>
      lanes.run([lane(name, own), lane('all', 3)], 1_000, () => {
        entered.push(name);
        return hold();
      });
    const first = controlled();
    const rest = controlled();
    const passing = [pass('a', 1, first.work), pass('a', 1, rest.work), pass('b', 1, rest.work)];
    passing.push(pass('c', 1, rest.work), pass('d', 1, rest.work));
    await sleep(0);
    expect(entered).toEqual(['a', 'b', 'c']);
    first.end();
    await sleep(0);
    expect(entered).toEqual(['a', 'b', 'c', 'a']);
    rest.end();
    await Promise.all(passing);
    expect(entered).toEqual(['a', 'b', 'c', 'a', 'd']);
  });

  it('refuse at once where nobody may wait, and let in again afterwards', async () => {
    const lanes = new KeyedSemaphore(refusal);
    const mayWait = (ahead: number) => ahead < 1;
    const { work, end } = controlled();
    const inside = ['a', 'b'].map((name) => lanes.run([lane(name, 1)], 1_000, work));
    const waiting = lanes.run([lane('a', 1)], 1_000, async () => 'waited', { mayWait });
    await expect(lanes.run([lane('a', 1)], 1_000, work, { mayWait })).rejects.toMatchObject({ status: 429 });
    const elsewhere = lanes.run([lane('b', 1)], 1_000, async () => 'waited there', { mayWait });
    end();
    await expect(elsewhere).resolves.toBe('waited there');
    await Promise.all(inside);
    await expect(waiting).resolves.toBe('waited');
    await expect(lanes.run([lane('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });

  it('refuse whoever has waited long enough', async () => {
    const lanes = new KeyedSemaphore(refusal);
    const { work, end } = controlled();
    const inside = lanes.run([lane('a', 1)], 1_000, work);
    await expect(lanes.run([lane('a', 1)], 20, async () => {})).rejects.toMatchObject({ status: 429 });
    end();
    await inside;
    await expect(lanes.run([lane('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });

  it('are left by work that fails', async () => {
    const lanes = new KeyedSemaphore(refusal);
    const failure = new Error('failed');
    await expect(lanes.run([lane('a', 1)], 0, () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(lanes.run([lane('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });
});

describe('lanes for which several owners wait', () => {
  it('let them in by turns, those of one owner in order', async () => {
    const lanes = new KeyedSemaphore(refusal);
    const entered: string[] = [];
    const { work, end } = controlled();
    const first = lanes.run([lane('a', 1)], 1_000, work);
    const rest = ['x1', 'x2', 'x3', 'y1', 'z1', 'y2'].map((name) =>
      lanes.run([lane('a', 1)], 1_000, async () => entered.push(name), { owner: name.slice(0, 1) }),
    );
    end();
    await Promise.all([first, ...rest]);
    expect(entered).toEqual(['x1', 'y1', 'z1', 'x2', 'y2', 'x3']);
  });
});

describe('lanes that are one wide', () => {
  /** Work on one key, one after the other. */
  const inTurn = (patience: number) => {
    const lanes = new KeyedSemaphore(() => Object.assign(new Error('Busy.'), { status: 503, code: 'busy' }));
    return <T>(key: string, work: () => Promise<T>) => lanes.run([lane(key, 1)], patience, work);
  };

  it('does the work on one key in order, and on another one meanwhile', async () => {
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

  it('goes on after work that failed', async () => {
    const take = inTurn(1_000);
    const failing = take('a', () => Promise.reject(new Error('no')));
    const next = take('a', async () => 'yes');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });

  it('gives up after a while, and lets nobody in before his turn', async () => {
    const take = inTurn(20);
    const { work: ended, end } = controlled();
    let inside = 0;
    const work = async () => {
      inside += 1;
      expect(inside).toBe(1);
      await ended();
      inside -= 1;
    };
    const first = take('a', work);
    await expect(take('a', work)).rejects.toMatchObject({ status: 503, code: 'busy' });
    const third = take('a', work);
    end();
    await Promise.all([first, third]);
  });
});

describe('a single lane', () => {
  const turnstile = (limit: number, patience: number) => {
    const lanes = new KeyedSemaphore(() => Object.assign(new Error('Busy.'), { status: 503, code: 'busy' }));
    return <T>(work: () => Promise<T>) => lanes.run([lane('all', limit)], patience, work);
  };

  it('lets no more through at once than it is wide, and everybody in the end, in order', async () => {
    const pass = turnstile(2, 1_000);
    const done: number[] = [];
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        pass(async () => {
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
    const pass = turnstile(1, 1_000);
    await expect(pass(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(pass(async () => 'yes')).resolves.toBe('yes');
  });

  it('sends away who would wait too long, and who came after him still gets in', async () => {
    const pass = turnstile(1, 20);
    const slow = pass(() => sleep(60));
    await expect(pass(async () => 'late')).rejects.toMatchObject({ status: 503, code: 'busy' });
    await slow;
    await expect(pass(async () => 'in time')).resolves.toBe('in time');
  });
});
