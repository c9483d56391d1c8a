import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ended, TinyCheckout, untilPrinted } from './tiny-checkout.js';

const PRINT_ARGUMENTS =
  'console.log(JSON.stringify(process.argv.slice(2)), process.cwd()); process.exitCode = 7;';

/** Records the received signals, and takes half a second to stop. */
const SERVER = `
  const received: string[] = [];
  const alive = setInterval(() => {}, 1000);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => received.push(signal));
    process.once(signal, () => setTimeout(() => {
      clearInterval(alive);
      console.log('received ' + received.join());
    }, 500));
  }
  console.log('ready');
`;

let checkout: TinyCheckout;
afterEach(() => checkout.close());

it('builds, runs the command with the arguments, and returns its exit code', async () => {
  checkout = new TinyCheckout(PRINT_ARGUMENTS);
  const { code, output } = await checkout.run('npm', ['start', '--', '--keycloak', 'a b']);
  expect(output).toContain(`["run","--keycloak","a b"] ${checkout.folder}`);
  expect(code).toBe(7);
});

it('works from any folder', async () => {
  checkout = new TinyCheckout(PRINT_ARGUMENTS);
  const { output } = await checkout.run('node', [join(checkout.folder, 'scripts/start.cjs')], {}, tmpdir());
  expect(output).toContain(`["run"] ${checkout.folder}`);
});

it('can start twice at the same time', async () => {
  checkout = new TinyCheckout(PRINT_ARGUMENTS);
  const both = await Promise.all([checkout.run('npm', ['start']), checkout.run('npm', ['start'])]);
  expect(both.map(({ code }) => code)).toEqual([7, 7]);
});

it('delivers a Ctrl-C once to the application, although the terminal and npm both send it', async () => {
  checkout = new TinyCheckout(SERVER);
  const npm = checkout.spawn('npm', ['start']);
  const end = ended(npm);
  await untilPrinted(npm, 'ready');
  process.kill(-npm.pid!, 'SIGINT');
  expect(await end).toEqual({ code: 0, output: expect.stringMatching(/received SIGINT\n$/) });
});

it('receives a SIGTERM that is sent to npm, which waits for the application', async () => {
  checkout = new TinyCheckout(SERVER);
  const npm = checkout.spawn('npm', ['start']);
  const end = ended(npm);
  await untilPrinted(npm, 'ready');
  npm.kill('SIGTERM');
  expect(await end).toEqual({ code: 0, output: expect.stringMatching(/received SIGTERM\n$/) });
});

it('stops the application when npm is killed', async () => {
  checkout = new TinyCheckout(SERVER);
  const npm = checkout.spawn('npm', ['start']);
  const end = ended(npm);
  await untilPrinted(npm, 'ready');
  npm.kill('SIGKILL');
  expect((await end).output).toMatch(/received SIGTERM\n$/);
});

it('says that it is not built yet', async () => {
  checkout = new TinyCheckout(PRINT_ARGUMENTS);
  const { code, output } = await checkout.run('node', ['bin/twinkey.cjs', 'run']);
  expect(code).toBe(1);
  expect(output).toMatch(/^Twinkey is not built yet: .*\n$/);
});
