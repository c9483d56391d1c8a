import { type ChildProcess, execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ended, TinyCheckout, untilPrinted } from './tiny-checkout.js';

const SOURCE = 'apps/cli/src/main.ts';
/** Waits to be stopped, and says which version it is. */
const server = (version: number) => `${WAITS} ${says(version)}`;
const says = (version: number) => `console.log('version ${version};');`;
const WAITS = `
  const alive = setInterval(() => {}, 1000);
  process.once('SIGTERM', () => clearInterval(alive));
`;

let checkout: TinyCheckout;
let dev: ChildProcess;
beforeEach(async () => {
  checkout = new TinyCheckout(server(0));
  dev = checkout.spawn('npm', ['run', 'dev']);
  await untilPrinted(dev, 'version 0;');
});
afterEach(() => checkout.close());

it.each([
  ['written in place', (version: number) => checkout.write(SOURCE, server(version))],
  [
    'written beside it and renamed, as editors and git do',
    (version: number) => {
      checkout.write(`${SOURCE}.tmp`, server(version));
      renameSync(join(checkout.folder, `${SOURCE}.tmp`), join(checkout.folder, SOURCE));
    },
  ],
  [
    'changed by sed -i',
    (version: number) => {
      const file = join(checkout.folder, SOURCE);
      execFileSync('sed', ['-i', '-e', `s/version [0-9]*;/version ${version};/`, file]);
    },
  ],
])('starts the application again at every save of a source that is %s', async (_, save) => {
  for (let version = 1; version <= 6; version += 1) {
    const isStarted = untilPrinted(dev, `version ${version};`);
    save(version);
    await isStarted;
  }
  const end = ended(dev);
  dev.kill('SIGTERM');
  expect((await end).code).toBe(0);
});

it('sees sources that are added, in a new folder too', async () => {
  const added = untilPrinted(dev, 'version 1;');
  checkout.write('libs/new/version.ts', says(1));
  checkout.write(SOURCE, `import '../../../libs/new/version.js'; ${WAITS}`);
  await added;
  const changed = untilPrinted(dev, 'version 2;');
  checkout.write('libs/new/version.ts', says(2));
  await changed;
});
