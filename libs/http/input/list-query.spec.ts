import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './list-query.js';

const list = { sort: 'email', status: 'active', q: undefined };
const position = { value: 'ada@example.com', id: '018f5c3e-0000-7000-8000-000000000000' };

describe('a cursor', () => {
  it('gives back the position that it was made of', () => {
    expect(decodeCursor(list, encodeCursor(list, position))).toEqual(position);
    expect(decodeCursor(list, encodeCursor(list, { ...position, value: null }))).toEqual({
      ...position,
      value: null,
    });
  });

  it('does not care in which order the filters stand', () => {
    expect(decodeCursor({ status: 'active', sort: 'email' }, encodeCursor(list, position))).toEqual(position);
  });

  it.each([
    ['another sort', encodeCursor({ ...list, sort: '-email' }, position)],
    ['another filter', encodeCursor({ ...list, status: 'disabled' }, position)],
    ['another search', encodeCursor({ ...list, q: 'a' }, position)],
    ['nonsense', 'nonsense'],
    ['JSON of another shape', Buffer.from('{"a":1}').toString('base64url')],
    ['an id that is none', encodeCursor(list, { ...position, id: "' OR true" })],
    ['a value that no row can have', encodeCursor(list, { ...position, value: 'a\0' })],
    ['a value that is no text', Buffer.from(JSON.stringify(['x', { a: 1 }, 'y'])).toString('base64url')],
  ])('from %s is refused', (_, cursor) => {
    expect(() => decodeCursor(list, cursor)).toThrow(
      expect.objectContaining({
        status: 422,
        errors: [expect.objectContaining({ field: 'cursor', code: 'invalid_cursor' })],
      }),
    );
  });
});
