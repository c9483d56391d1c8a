import { describe, expect, it } from 'vitest';
import { SettingsError } from '#libs/config/settings-error.js';
import { UserFacingError, errorText, messageOf } from './user-facing-error.js';

describe('failureText', () => {
  it('is one line', () => {
    expect(errorText(new UserFacingError('no database\n  at all\r\n'))).toBe('no database at all');
    expect(errorText('thrown text')).toBe('thrown text');
  });

  it('is a line for each bad setting', () => {
    const error = new SettingsError([
      { variable: 'PORT', message: 'is missing' },
      { variable: 'HOST', message: 'is bad' },
    ]);
    expect(errorText(error)).toBe('PORT is missing\nHOST is bad');
  });

  it('tells the place of a defect, still in one line', () => {
    const text = errorText(new TypeError('x is not a function'));
    expect(text).toMatch(/^x is not a function \(TypeError at .*failure\.spec\.ts.*\)$/);
  });
});

it('messageOf gives the code of an error that says nothing', () => {
  expect(messageOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
});
