'use strict';

// One process from here to the end: what npm and the terminal signal reaches the application without a go-between.
require('../bin/runtime.cjs');

const { join } = require('node:path');

const root = join(__dirname, '..');

async function main() {
  const { runScript } = await import('./support/problem.mjs');
  const { ensureInstalled } = await import('./support/install.mjs');
  const { ensureBuilt } = await import('./support/build.mjs');
  await runScript(async () => {
    await ensureInstalled();
    await ensureBuilt();
  });
  if (process.exitCode) return;

  process.chdir(root);
  process.argv.splice(1, 1, join(root, 'bin/twinkey.cjs'), 'run');
  require('../bin/twinkey.cjs');
}

main();
