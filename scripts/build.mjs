import '../bin/node-version.cjs';

const { runScript } = await import('./support/user-facing-error.mjs');
const { ensureInstalled } = await import('./support/install.mjs');
const { build } = await import('./support/build.mjs');

await runScript(async () => {
  await ensureInstalled();
  await build();
});
