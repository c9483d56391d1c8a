import { describe, expect, it } from 'vitest';
import { Failure, failureText, messageOf } from './user-facing-error.js';

describe('failureText', () => {
  it('is one line', () => {
    expect(failureText(new Failure('no database\n  at all\r\n'))).toBe('no database at all');
    expect(failureText('thrown text')).toBe('thrown text');
  });

  it('is a line for each bad setting', () => {
    const error = Object.assign(new Error('PORT is missing\nHOST is bad'), { name: 'SettingsError' });
    expect(failureText(error)).toBe('PORT is missing\nHOST is bad');
  });

  it('tells the place of a defect, still in one line', () => {
    const text = failureText(new TypeError('x is not a function'));
    expect(text).toMatch(/^x is not a function \(TypeError at .*user-facing-error\.spec\.ts.*\)$/);
  });
});

it('messageOf gives the code of an error that says nothing', () => {
  expect(messageOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }))).toBe('ECONNREFUSED');
});
