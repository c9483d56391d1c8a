import '../bin/node-version.cjs';
import { join } from 'node:path';

const { runScript } = await import('./support/user-facing-error.mjs');
const { ensureInstalled } = await import('./support/install.mjs');
const { SOURCES, ensureBuilt } = await import('./support/build.mjs');
const { root } = await import('./support/paths.mjs');
const { run } = await import('./support/run.mjs');

/** Editors save in several steps: a rebuild starts when no other change has followed for this long. */
const DEBOUNCE_MS = 100;

await runScript(async () => {
  await ensureInstalled();
  await ensureBuilt();

  let stopping = false;
  let application = start();
  let work = Promise.resolve();
  const stopWatching = await watchSources(() => {
    work = work.then(reload);
  });

  async function reload() {
    try {
      if (stopping || !(await ensureBuilt())) return;
      application.stop();
      await application.ended;
      if (!stopping) application = start();
    } catch (error) {
      console.error(error.message);
    }
  }

  await untilSignal();
  stopping = true;
  await stopWatching();
  await work;
  return application.ended;
});

/** On `stop` the application finishes its requests and stops its embedded Postgres before it ends. */
function start() {
  const controller = new AbortController();
  const options = { signal: controller.signal, killSignal: 'SIGTERM' };
  const ended = run(process.execPath, ['bin/twinkey.cjs', 'run', ...process.argv.slice(2)], options);
  return {
    stop: () => controller.abort(),
    ended: ended.then(({ code }) => {
      if (code !== 0) console.error(`The application ended with exit code ${code}.`);
      return code;
    }),
  };
}

function untilSignal() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
  });
}

/** Node's own recursive watch misses files that are saved by renaming (Node 20 on Linux). */
async function watchSources(onChange) {
  // Installed by now.
  const { watch } = await import('chokidar');
  let timer;
  const scheduleChange = () => {
    clearTimeout(timer);
    timer = setTimeout(onChange, DEBOUNCE_MS);
  };
  const folders = SOURCES.map((folder) => join(root, folder));
  const watcher = watch(folders, { ignoreInitial: true }).on('all', scheduleChange);
  await new Promise((resolve) => watcher.once('ready', resolve));
  // For changes that were saved before it was ready.
  scheduleChange();
  return () => {
    clearTimeout(timer);
    return watcher.close();
  };
}
