import { expect, it } from 'vitest';
import { prefersJson } from './media-type.js';

it.each([
  [undefined, false],
  ['', false],
  ['*/*', false],
  ['text/event-stream', false],
  ['text/event-stream, application/json', false],
  ['text/*, application/json;q=0.9', false],
  ['application/json;q=0', false],
  ['application/json', true],
  ['APPLICATION/JSON; charset=utf-8', true],
  ['application/*', true],
  ['application/json, text/plain, */*', true],
  ['text/event-stream;q=0.5, application/json', true],
  ['application/json;q=x', false],
])('Accept: %s prefers JSON: %s', (accept, expected) => {
  expect(prefersJson(accept)).toBe(expected);
});
