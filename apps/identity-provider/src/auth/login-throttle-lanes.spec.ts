import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { tooManyRequests } from '#libs/http/api-error.js';
import { LoginThrottleLanes } from './login-throttle-lanes.js';

const refusal = () => tooManyRequests(1);
const lane = (name: string, width: number) => ({ name, width });

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
    const lanes = new LoginThrottleLanes(refusal);
    const entered: string[] = [];
    const pass = (name: string, own: number, hold: () => Promise<void>) =>
      lanes.pass([lane(name, own), lane('all', 3)], 1_000, () => {
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
    const lanes = new LoginThrottleLanes(refusal, (waiting) => waiting < 1);
    const { work, end } = controlled();
    const inside = lanes.pass([lane('a', 1)], 1_000, work);
    const waiting = lanes.pass([lane('a', 1)], 1_000, async () => 'waited');
    await expect(lanes.pass([lane('a', 1)], 1_000, work)).rejects.toMatchObject({ status: 429 });
    end();
    await inside;
    await expect(waiting).resolves.toBe('waited');
    await expect(lanes.pass([lane('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });

  it('refuse whoever has waited long enough', async () => {
    const lanes = new LoginThrottleLanes(refusal);
    const { work, end } = controlled();
    const inside = lanes.pass([lane('a', 1)], 1_000, work);
    await expect(lanes.pass([lane('a', 1)], 20, async () => {})).rejects.toMatchObject({ status: 429 });
    end();
    await inside;
    await expect(lanes.pass([lane('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });

  it('are left by work that fails', async () => {
    const lanes = new LoginThrottleLanes(refusal, () => false);
    const failure = new Error('failed');
    await expect(lanes.pass([lane('a', 1)], 0, () => Promise.reject(failure))).rejects.toBe(failure);
    await expect(lanes.pass([lane('a', 1)], 0, async () => 'free')).resolves.toBe('free');
  });
});
