import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TinyCheckout } from './tiny-checkout.js';

const KINDS = ['unit', 'e2e', 'keycloak', 'browser', 'deploy'];
const PASSES = "import { it } from 'vitest'; it('passes', () => {});";
const FAILS = "import { it } from 'vitest'; it('fails', () => { throw new Error(); });";
const NOTHING_INSTALLED = { CHROMIUM_PATH: '', KEYCLOAK_TEST_URL: '', JAVA_HOME: '' };

let checkout: TinyCheckout;

beforeEach(() => {
  checkout = new TinyCheckout('');
  const projects = KINDS.map((name) => ({ test: { name, include: [`test/*.${name}.ts`] } }));
  checkout.write('vitest.config.mjs', `export default { test: { projects: ${JSON.stringify(projects)} } };`);
  for (const kind of KINDS) checkout.write(`test/one.${kind}.ts`, PASSES);
  mkdirSync(join(checkout.folder, 'programs'));
  symlinkSync(process.execPath, join(checkout.folder, 'programs/node'));
});
afterEach(() => checkout.close());

/** Runs as on a machine where only Node is installed. */
async function runTests(env: NodeJS.ProcessEnv, ...args: string[]) {
  const PATH = join(checkout.folder, 'programs');
  const defaults = {
    ...NOTHING_INSTALLED,
    REQUIRE_KEYCLOAK: '',
    REQUIRE_BROWSER: '',
    FORCE_COLOR: '0',
    PATH,
  };
  const { code, output } = await checkout.run(process.execPath, ['scripts/test.mjs', ...args], {
    ...defaults,
    ...env,
  });
  return {
    code,
    output,
    passed: Number(/Tests .*?(\d+) passed/.exec(output)?.[1]),
    end: output.split('Duration')[1],
  };
}

it('runs the possible tests, and says at the end which it skipped and how to run them', async () => {
  const { code, passed, end } = await runTests({});
  expect(passed).toBe(3);
  expect(end).toMatch(/keycloak tests did not run.*Java 17.*browser tests did not run.*Chromium/s);
  expect(code).toBe(0);
});

it('skips the browser tests without a Keycloak, because they sign in there', async () => {
  const { passed, end } = await runTests({ CHROMIUM_PATH: process.execPath });
  expect(passed).toBe(3);
  expect(end).toMatch(/browser tests did not run.*Java 17/s);
  expect(end).not.toContain('install Chromium');
});

it.each(['REQUIRE_KEYCLOAK', 'REQUIRE_BROWSER'])(
  'fails if %s is set and its tests cannot run',
  async (name) => {
    const { code, passed, end } = await runTests({ [name]: '1' });
    expect(passed).toBe(3);
    expect(end).toContain(`FAILED: ${name}=1`);
    expect(code).toBe(1);
  },
);

it('runs all tests if all requirements are met', async () => {
  const installed = { KEYCLOAK_TEST_URL: 'http://127.0.0.1:8080', CHROMIUM_PATH: process.execPath };
  const { code, passed, end } = await runTests({ ...installed, REQUIRE_KEYCLOAK: '1', REQUIRE_BROWSER: '1' });
  expect(passed).toBe(5);
  expect(end).not.toContain('did not run');
  expect(code).toBe(0);
});

it('passes its arguments to vitest, and returns its exit code', async () => {
  checkout.write('test/two.unit.ts', FAILS);
  expect(await runTests({}, 'test/one')).toMatchObject({ code: 0, passed: 3 });
  expect(await runTests({}, '--project=unit', 'test/two')).toMatchObject({ code: 1 });
});
