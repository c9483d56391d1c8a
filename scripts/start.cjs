'use strict';

// The application runs in this process, so signals of npm and the terminal reach it directly.
require('../bin/runtime.cjs');

const { join } = require('node:path');

const root = join(__dirname, '..');

/** A killed npm cannot forward signals: this process would keep running, and only its process id could stop it. */
function stopWithNpm() {
  const npm = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 1000);
  timer.unref();
}

async function main() {
  if (process.env.npm_lifecycle_event) stopWithNpm();
  const { runScript } = await import('./support/user-facing-error.mjs');
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
