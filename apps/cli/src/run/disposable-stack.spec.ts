import { expect, it } from 'vitest';
import { DisposableStack } from './disposable-stack.js';

it('closes the last opened first, all of them, and tells of the first failure', async () => {
  const closed: string[] = [];
  const closers = new DisposableStack();
  await closers.add(async () => {
    closed.push('database');
  });
  await closers.add(async () => {
    closed.push('app');
    throw new Error('does not close');
  });
  await expect(closers.close()).rejects.toThrow('does not close');
  expect(closed).toEqual(['app', 'database']);
});

it('closes at once what is opened too late', async () => {
  const closers = new DisposableStack();
  await closers.close();
  let isClosed = false;
  await closers.add(async () => {
    isClosed = true;
  });
  expect(isClosed).toBe(true);
});
