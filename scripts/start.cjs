'use strict';

// One process from here to the end: what npm and the terminal signal reaches the application without a go-between.
require('../bin/runtime.cjs');

const { join } = require('node:path');

const root = join(__dirname, '..');

/** npm that is killed can't tell us: without it nobody could stop the application but by its process id. */
function endWithNpm() {
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 1000);
  timer.unref();
}

async function main() {
  if (process.env.npm_lifecycle_event) endWithNpm();
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
