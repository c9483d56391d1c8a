import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CircuitBreaker } from './circuit-breaker.js';

class Away extends Error {}

let circuit: CircuitBreaker;
let changes: boolean[];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  changes = [];
  circuit = new CircuitBreaker({
    failures: 3,
    retryAfterMs: 1_000,
    isFailure: (error) => error instanceof Away,
    onChange: (isOpen) => changes.push(isOpen),
  });
});
afterEach(() => vi.useRealTimers());

/** `done`, `refused` without a call, or the error's class. */
async function outcome(result: 'done' | Error | Promise<'done'>): Promise<string> {
  let isMade = false;
  try {
    return await circuit.execute(async () => {
      isMade = true;
      if (result instanceof Error) throw result;
      return result;
    });
  } catch (error) {
    return isMade ? (error as Error).constructor.name : 'refused';
  }
}

async function open(): Promise<void> {
  for (let failure = 0; failure < 3; failure += 1) await outcome(new Away());
}

it('opens after so many failures in a row', async () => {
  await outcome(new Away());
  await outcome(new Away());
  expect(await outcome('done')).toBe('done');
  await open();
  expect(await outcome('done')).toBe('refused');
  expect(changes).toEqual([true]);
});

it('says what failed last', async () => {
  await open();
  const last = new Away('the last one');
  vi.advanceTimersByTime(1_000);
  await outcome(last);
  await expect(circuit.execute(async () => 'done')).rejects.toMatchObject({ cause: last });
});

it('takes any other error for an answer', async () => {
  for (let call = 0; call < 5; call += 1) expect(await outcome(new TypeError())).toBe('TypeError');
  expect(await outcome('done')).toBe('done');
});

it('lets one call try after a while, and closes when it succeeds', async () => {
  await open();
  vi.advanceTimersByTime(1_000);
  let finish: (value: 'done') => void = () => {};
  const trial = outcome(new Promise((resolve) => (finish = resolve)));
  expect(await outcome('done')).toBe('refused');
  finish('done');
  expect(await trial).toBe('done');
  expect(await outcome('done')).toBe('done');
  expect(changes).toEqual([true, false]);
});

it('stays open when that one fails, for as long again', async () => {
  await open();
  vi.advanceTimersByTime(1_000);
  expect(await outcome(new Away())).toBe('Away');
  vi.advanceTimersByTime(999);
  expect(await outcome('done')).toBe('refused');
  vi.advanceTimersByTime(1);
  expect(await outcome('done')).toBe('done');
});

it('does not look at the clock on the wall', async () => {
  await open();
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.now() - 60_000 });
  vi.advanceTimersByTime(1_000);
  expect(await outcome('done')).toBe('done');
});
