import { describe, expect, it } from 'vitest';
import { ApiError } from './api-error.js';
import { etagOf, isUnmodified, Precondition } from './replies.js';

describe('strong entity tags', () => {
  it('contain the versions in quotes', () => {
    expect(etagOf(3)).toBe('"3"');
    expect(etagOf(3, 12)).toBe('"3-12"');
  });

  it.each([
    ['"3"', true],
    ['W/"3"', true],
    ['"1", "3"', true],
    ['*', true],
    ['"4"', false],
    ['3', false],
    [undefined, false],
  ])('If-None-Match %s against "3" is unmodified: %s', (header, expected) => {
    expect(isUnmodified(header, '"3"')).toBe(expected);
  });

  it.each(['"3"', '"1", "3"', '*', undefined])('If-Match %s allows a write', (header) => {
    expect(() => new Precondition(header).check(3)).not.toThrow();
  });

  it.each(['"4"', 'W/"3"', '3', ''])('If-Match %s is 412: only a strong tag matches', (header) => {
    expect(() => new Precondition(header).check(3)).toThrow(
      expect.objectContaining({ status: 412 }) as ApiError,
    );
  });

  it('the message says when the tag in If-Match is weak', () => {
    const messageOf = (header: string): string => {
      try {
        new Precondition(header).check(3);
      } catch (error) {
        return (error as ApiError).message;
      }
      return '';
    };
    expect(messageOf('W/"3"')).toContain('weak');
    expect(messageOf('"1", W/"3"')).toContain('weak');
    expect(messageOf('"1"')).not.toContain('weak');
  });
});
