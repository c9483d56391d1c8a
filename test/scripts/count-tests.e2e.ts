import { afterEach, beforeEach, expect, it } from 'vitest';
import { TinyCheckout } from './tiny-checkout.js';

let checkout: TinyCheckout;
beforeEach(() => {
  checkout = new TinyCheckout('');
});
afterEach(() => checkout.close());

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});

it.each([
  [
    'adds the files',
    [file('passed', 'passed', 'passed'), file('passed', 'passed')],
    0,
    '3 passed, 0 failed',
    0,
  ],
  ['counts failures', [file('failed', 'passed', 'failed', 'failed')], 1, '1 passed, 2 failed', 1],
  [
    'counts a file that could not be loaded',
    [file('passed', 'passed'), file('failed')],
    1,
    '1 passed, 1 failed',
    1,
  ],
  ['counts a failed run without a failed test', [file('passed', 'passed')], 1, '1 passed, 1 failed', 1],
  ['fails if no test ran', [], 0, '0 passed, 1 failed', 1],
])('%s', async (_, testResults, exitCode, line, code) => {
  checkout.write('report.json', JSON.stringify({ testResults }));
  const count = await checkout.run('node', ['scripts/count-tests.mjs', 'report.json', String(exitCode)]);
  expect(count).toEqual({ code, output: `${line}\n` });
});

it('adds several runs, and fails if one of them fails', async () => {
  const good = JSON.stringify({ testResults: [file('passed', 'passed', 'passed')] });
  checkout.write('one.json', good);
  checkout.write('other.json', good);
  const count = (...args: string[]) => checkout.run('node', ['scripts/count-tests.mjs', ...args]);
  expect(await count('one.json', '0', 'other.json', '0')).toEqual({
    code: 0,
    output: '4 passed, 0 failed\n',
  });
  expect(await count('one.json', '1', 'other.json', '0')).toEqual({
    code: 1,
    output: '4 passed, 1 failed\n',
  });
  expect(await count('one.json', '0', 'none.json', '1')).toEqual({ code: 1, output: '2 passed, 1 failed\n' });
});

it('fails if the run wrote no report', async () => {
  const count = await checkout.run('node', ['scripts/count-tests.mjs', 'missing.json', '0']);
  expect(count).toEqual({ code: 1, output: '0 passed, 1 failed\n' });
});
