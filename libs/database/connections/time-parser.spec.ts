import { types } from 'pg';
import { expect, it } from 'vitest';
import { parseTime } from './time-parser.js';

const parseByPg: (text: string) => Date = types.getTypeParser(types.builtins.TIMESTAMPTZ);

it.each([
  ['2026-01-31 12:00:00.123+00', '2026-01-31T12:00:00.123Z'],
  ['2026-01-31 12:00:00.1+00', '2026-01-31T12:00:00.100Z'],
  ['2026-01-31 12:00:00.12+00', '2026-01-31T12:00:00.120Z'],
  ['2026-12-31 23:59:59+00', '2026-12-31T23:59:59.000Z'],
  ['1970-01-01 00:00:00+00', '1970-01-01T00:00:00.000Z'],
  ['9999-12-31 23:59:59.999+00', '9999-12-31T23:59:59.999Z'],
  ['2026-01-31 12:00:00.123456+00', '2026-01-31T12:00:00.123Z'],
  ['2026-01-31 12:00:00.123+02', '2026-01-31T10:00:00.123Z'],
  ['2026-01-31 12:00:00+05:30', '2026-01-31T06:30:00.000Z'],
  ['2026-01-31 12:00:00-03', '2026-01-31T15:00:00.000Z'],
  ['0001-02-03 04:05:06+00', '0001-02-03T04:05:06.000Z'],
  ['12026-01-31 12:00:00+00', '+012026-01-31T12:00:00.000Z'],
])('%s is %s', (text, iso) => {
  expect(parseTime(text).toISOString()).toBe(iso);
  expect(parseTime(text)).toEqual(parseByPg(text));
});

it.each(['infinity', '-infinity', '0044-03-15 12:00:00+00 BC'])('%s is what pg makes of it', (text) => {
  expect(parseTime(text)).toEqual(parseByPg(text));
});
