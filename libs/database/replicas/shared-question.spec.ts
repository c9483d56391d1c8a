import { expect, it } from 'vitest';
import { SharedQuestion } from './shared-question.js';

it('asks once for all that wait, and never shares a question that is under way', async () => {
  const open: ((answer: number) => void)[] = [];
  const shared = new SharedQuestion(() => new Promise<number>((resolve) => open.push(resolve)));
  const [first, second] = [shared.ask(), shared.ask()];
  await Promise.resolve();
  expect(open).toHaveLength(1);
  const [third, fourth] = [shared.ask(), shared.ask()];
  open[0]?.(1);
  expect(await Promise.all([first, second])).toEqual([1, 1]);
  await new Promise(setImmediate);
  expect(open).toHaveLength(2);
  open[1]?.(2);
  expect(await Promise.all([third, fourth])).toEqual([2, 2]);
});

it('asks again after a failure', async () => {
  let calls = 0;
  const shared = new SharedQuestion(async () => {
    calls += 1;
    if (calls === 1) throw new Error('away');
    return calls;
  });
  await expect(shared.ask()).rejects.toThrow('away');
  expect(await shared.ask()).toBe(2);
});
