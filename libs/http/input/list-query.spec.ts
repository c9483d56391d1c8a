import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor, listPage, readList } from './list-query.js';

const SORTS = { created_at: { kind: 'time' }, email: { kind: 'text' } } as const;
const id = '018f5c3e-0000-7000-8000-000000000000';

describe('a list request', () => {
  it('has twenty entries, sorted ascending by the first field, by default', () => {
    expect(readList('things', {}, SORTS, {})).toMatchObject({
      sort: 'created_at',
      descending: false,
      limit: 20,
      after: null,
      includeTotal: false,
    });
  });

  it('sorts descending if the field has a leading minus', () => {
    expect(readList('things', { sort: '-email' }, SORTS, {})).toMatchObject({
      sort: 'email',
      descending: true,
    });
  });

  it('continues after the previous page, also if the default sort is now named', () => {
    const first = readList('things', {}, SORTS, { status: 'active' });
    const next = { value: '2026-01-31T12:00:00.000Z', id };
    const cursor = listPage(first, [], next).nextCursor as string;
    expect(readList('things', { cursor, sort: 'created_at' }, SORTS, { status: 'active' }).after).toEqual(
      next,
    );
  });

  it.each(['yesterday', '2026-01-31', '+275760-09-13T00:00:00.000Z', '2026-02-31T12:00:00.000Z'])(
    'rejects a cursor with the time %s',
    (value) => {
      const cursor = encodeCursor({ sort: 'created_at' }, { value, id });
      expect(() => readList('things', { cursor }, SORTS, {})).toThrow(
        expect.objectContaining({ status: 422 }),
      );
    },
  );

  it('has a total only if one was counted', () => {
    const request = readList('things', { limit: '5' }, SORTS, {});
    expect(listPage(request, [1], null)).toEqual({ items: [1], limit: 5, nextCursor: null });
    expect(listPage(request, [1], null, 1)).toEqual({ items: [1], limit: 5, nextCursor: null, total: 1 });
  });
});

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
