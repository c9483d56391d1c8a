import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from './list-query.js';

const list = { sort: 'email', status: 'active', q: undefined };
const position = { value: 'ada@example.com', id: '018f5c3e-0000-7000-8000-000000000000' };

describe('a cursor', () => {
  it('contains its position', () => {
    expect(decodeCursor(list, encodeCursor(list, position))).toEqual(position);
    expect(decodeCursor(list, encodeCursor(list, { ...position, value: null }))).toEqual({
      ...position,
      value: null,
    });
  });

  it('does not depend on the order of the filters', () => {
    expect(decodeCursor({ status: 'active', sort: 'email' }, encodeCursor(list, position))).toEqual(position);
  });

  it.each([
    ['another sort', encodeCursor({ ...list, sort: '-email' }, position)],
    ['another filter', encodeCursor({ ...list, status: 'disabled' }, position)],
    ['another search', encodeCursor({ ...list, q: 'a' }, position)],
    ['random text', 'nonsense'],
    ['JSON of another shape', Buffer.from('{"a":1}').toString('base64url')],
    ['an invalid id', encodeCursor(list, { ...position, id: "' OR true" })],
    ['a value that cannot be stored', encodeCursor(list, { ...position, value: 'a\0' })],
    ['a value that is not text', Buffer.from(JSON.stringify(['x', { a: 1 }, 'y'])).toString('base64url')],
  ])('with %s is rejected', (_, cursor) => {
    expect(() => decodeCursor(list, cursor)).toThrow(
      expect.objectContaining({
        status: 422,
        errors: [expect.objectContaining({ field: 'cursor', code: 'invalid_cursor' })],
      }),
    );
  });
});
