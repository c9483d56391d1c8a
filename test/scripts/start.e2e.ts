import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ended, said, TinyCheckout } from './tiny-checkout.js';

const TELL = 'console.log(JSON.stringify(process.argv.slice(2)), process.cwd()); process.exitCode = 7;';

/** Counts the signals that it gets, and takes half a second to stop. */
const SERVER = `
  const heard: string[] = [];
  const alive = setInterval(() => {}, 1000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => heard.push(signal));
    process.once(signal, () => setTimeout(() => {
      clearInterval(alive);
      console.log('heard ' + heard.join());
    }, 500));
  }
  console.log('ready');
`;

let checkout: TinyCheckout;
afterEach(() => checkout.close());

it('builds, runs the command line with the arguments, and ends with its exit code', async () => {
  checkout = new TinyCheckout(TELL);
  const { code, output } = await checkout.run('npm', ['start', '--', '--keycloak', 'a b']);
  expect(output).toContain(`["run","--keycloak","a b"] ${checkout.folder}`);
  expect(code).toBe(7);
});

it('works from any folder', async () => {
  checkout = new TinyCheckout(TELL);
  const { output } = await checkout.run('node', [join(checkout.folder, 'scripts/start.cjs')], {}, tmpdir());
  expect(output).toContain(`["run"] ${checkout.folder}`);
});

it('starts twice at once', async () => {
  checkout = new TinyCheckout(TELL);
  const both = await Promise.all([checkout.run('npm', ['start']), checkout.run('npm', ['start'])]);
  expect(both.map(({ code }) => code)).toEqual([7, 7]);
});

it('gives the application a Ctrl-C once, although npm passes on what the terminal has told everyone', async () => {
  checkout = new TinyCheckout(SERVER);
  const npm = checkout.spawn('npm', ['start']);
  const end = ended(npm);
  await said(npm, 'ready');
  process.kill(-npm.pid!, 'SIGINT');
  expect(await end).toEqual({ code: 0, output: expect.stringMatching(/heard SIGINT\n$/) });
});

it('passes on a SIGTERM to npm, which waits for the application', async () => {
  checkout = new TinyCheckout(SERVER);
  const npm = checkout.spawn('npm', ['start']);
  const end = ended(npm);
  await said(npm, 'ready');
  npm.kill('SIGTERM');
  expect(await end).toEqual({ code: 0, output: expect.stringMatching(/heard SIGTERM\n$/) });
});

it('stops the application when npm is killed', async () => {
  checkout = new TinyCheckout(SERVER);
  const npm = checkout.spawn('npm', ['start']);
  const end = ended(npm);
  await said(npm, 'ready');
  npm.kill('SIGKILL');
  expect((await end).output).toMatch(/heard SIGTERM\n$/);
});

it('says what is missing where nothing was built', async () => {
  checkout = new TinyCheckout(TELL);
  const { code, output } = await checkout.run('node', ['bin/twinkey.cjs', 'run']);
  expect(code).toBe(1);
  expect(output).toMatch(/^Twinkey is not built yet: .*\n$/);
});
