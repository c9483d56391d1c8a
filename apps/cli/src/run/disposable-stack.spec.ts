import { expect, it } from 'vitest';
import { DisposableStack } from './disposable-stack.js';

it('closes everything in reverse order, and throws the first error', async () => {
  const closed: string[] = [];
  const resources = new DisposableStack();
  await resources.add(async () => {
    closed.push('database');
  });
  await resources.add(async () => {
    closed.push('app');
    throw new Error('does not close');
  });
  await expect(resources.close()).rejects.toThrow('does not close');
  expect(closed).toEqual(['app', 'database']);
});

it('closes immediately what is added after close', async () => {
  const resources = new DisposableStack();
  await resources.close();
  let isClosed = false;
  await resources.add(async () => {
    isClosed = true;
  });
  expect(isClosed).toBe(true);
});
