import { expect, it } from 'vitest';
import type { AuditEvent } from '#libs/database/shared-entities/audit-event.entity.js';
import { mergeByTime } from './audit-export.js';

async function* source(...times: number[]): AsyncGenerator<AuditEvent, void, undefined> {
  for (const time of times) yield { at: new Date(time) } as AuditEvent;
}

it.each([
  [
    [
      [1, 4, 5],
      [2, 3, 9],
    ],
    [1, 2, 3, 4, 5, 9],
  ],
  [
    [[1, 2], []],
    [1, 2],
  ],
  [[[], []], []],
  [
    [
      [3, 3],
      [3, 4],
    ],
    [3, 3, 3, 4],
  ],
  [[], []],
])('merges %j in the order of time', async (sources, expected) => {
  const merged: number[] = [];
  for await (const { at } of mergeByTime(sources.map((times) => source(...times)))) merged.push(at.getTime());
  expect(merged).toEqual(expected);
});
