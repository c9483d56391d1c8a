import { describe, expect, it } from 'vitest';
import { checkout, tests } from './checkout.js';
import { barrels, consoleCalls, environmentReads, switchedOffTests } from './conventions.js';
import { parseSource } from './source-file.js';

describe('in this checkout', () => {
  it('no file only passes on what others export', () => {
    expect(barrels(checkout())).toEqual([]);
  });

  it('libs/config alone reads the environment', () => {
    expect(environmentReads(checkout())).toEqual([]);
  });

  it('nothing writes to the console', () => {
    expect(consoleCalls(checkout())).toEqual([]);
  });

  it('every test runs', () => {
    expect(switchedOffTests([...checkout(), ...tests()])).toEqual([]);
  });
});

describe('the rules see', () => {
  it.each([
    [barrels, 'libs/http/index.ts', 'export const a = 1;'],
    [barrels, 'libs/http/all.ts', "export * from './a.js';\nexport { b } from './b.js';"],
    [environmentReads, 'libs/http/a.ts', "const port = process.env['PORT'];"],
    [environmentReads, 'apps/user-service/src/a.ts', 'const { PORT } = process.env;'],
    [consoleCalls, 'libs/http/a.ts', "console.log('here');"],
    [consoleCalls, 'apps/cli/src/a.ts', 'const say = console.error;'],
    [switchedOffTests, 'libs/http/a.spec.ts', "it.skip('works', () => {});"],
    [switchedOffTests, 'libs/http/a.spec.ts', "describe.only('a', () => {});"],
    [switchedOffTests, 'test/a.e2e.ts', "it.concurrent.skip('works', () => {});"],
    [switchedOffTests, 'test/a.e2e.ts', "xit('works', () => {});"],
  ])('%o in %s: %s', (rule, path, text) => {
    expect(rule([parseSource(path, text)])).toEqual([expect.stringContaining(path)]);
  });

  it.each([
    [barrels, 'libs/http/a.ts', "export { b } from './b.js';\nexport const a = 1;"],
    [environmentReads, 'libs/config/a.ts', 'const env = process.env;'],
    [environmentReads, 'libs/http/a.ts', "const path = process.env['PATH'];"],
    [environmentReads, 'libs/http/a.ts', '// process.env is read elsewhere'],
    [consoleCalls, 'libs/http/a.ts', "logger.log('console.log');"],
    [switchedOffTests, 'libs/http/a.spec.ts', "it.each([1])('works', () => page.skip());"],
  ])('nothing wrong, by %o, in %s: %s', (rule, path, text) => {
    expect(rule([parseSource(path, text)])).toEqual([]);
  });
});
