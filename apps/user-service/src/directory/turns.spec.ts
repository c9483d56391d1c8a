import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Turns } from './turns.js';

it('does the work on one key in order, and on another one meanwhile', async () => {
  const turns = new Turns(1_000);
  const done: string[] = [];
  const work = (name: string, ms: number) => async () => {
    await sleep(ms);
    done.push(name);
    return name;
  };
  const all = [
    turns.take('a', work('a1', 40)),
    turns.take('a', work('a2', 0)),
    turns.take('b', work('b1', 10)),
  ];
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'b1']);
  expect(done).toEqual(['b1', 'a1', 'a2']);
});

it('goes on after work that failed', async () => {
  const turns = new Turns(1_000);
  const failing = turns.take('a', () => Promise.reject(new Error('no')));
  const next = turns.take('a', async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

it('gives up after a while, and lets nobody in before his turn', async () => {
  const turns = new Turns(20);
  let inside = 0;
  const work = async () => {
    inside += 1;
    expect(inside).toBe(1);
    await sleep(60);
    inside -= 1;
  };
  const first = turns.take('a', work);
  await expect(turns.take('a', work)).rejects.toMatchObject({ status: 503, code: 'busy' });
  await sleep(25);
  const third = turns.take('a', work);
  await Promise.all([first, third]);
});
