import { describe, expect, it } from 'vitest';
import { describeError, errorMessage, UserFacingError } from './user-facing-error.js';

describe('describeError', () => {
  it('returns one line', () => {
    expect(describeError(new UserFacingError('no database\n  at all\r\n'))).toBe('no database at all');
    expect(describeError('thrown text')).toBe('thrown text');
  });

  it('returns one line per invalid setting', () => {
    const error = Object.assign(new Error('PORT is missing\nHOST is bad'), { name: 'SettingsError' });
    expect(describeError(error)).toBe('PORT is missing\nHOST is bad');
  });

  it('adds the stack frame of a bug, in the same line', () => {
    const text = describeError(new TypeError('x is not a function'));
    expect(text).toMatch(/^x is not a function \(TypeError at .*user-facing-error\.spec\.ts.*\)$/);
  });
});

it('errorMessage returns the code of an error without a message', () => {
  expect(errorMessage(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
});
