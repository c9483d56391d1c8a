import { describe, expect, it } from 'vitest';
import { errorText, messageOf, UserFacingError } from './user-facing-error.js';

describe('failureText', () => {
  it('is one line', () => {
    expect(errorText(new UserFacingError('no database\n  at all\r\n'))).toBe('no database at all');
    expect(errorText('thrown text')).toBe('thrown text');
  });

  it('is a line for each bad setting', () => {
    const error = Object.assign(new Error('PORT is missing\nHOST is bad'), { name: 'SettingsError' });
    expect(errorText(error)).toBe('PORT is missing\nHOST is bad');
  });

  it('tells the place of a defect, still in one line', () => {
    const text = errorText(new TypeError('x is not a function'));
    expect(text).toMatch(/^x is not a function \(TypeError at .*user-facing-error\.spec\.ts.*\)$/);
  });
});

it('messageOf gives the code of an error that says nothing', () => {
  expect(messageOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
});
