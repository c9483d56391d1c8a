import '../bin/node-version.cjs';

const { runScript } = await import('./support/user-facing-error.mjs');
const { ensureInstalled } = await import('./support/install.mjs');
const { ensureBuilt } = await import('./support/build.mjs');

await runScript(async () => {
  await ensureInstalled();
  await ensureBuilt();
  await import('../dist/libs/development/keycloak/main.js');
});
