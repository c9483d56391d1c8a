import '../bin/node-version.cjs';

const { runScript } = await import('./support/user-facing-error.mjs');
const { ensureInstalled } = await import('./support/install.mjs');
const { ensureBuilt } = await import('./support/build.mjs');
const { runTool } = await import('./support/run.mjs');
const { findChromium, findPgBouncer, hasKeycloak } = await import('./support/installed-programs.mjs');

/** The projects of vitest.config.ts. (`--project=!a --project=!b` does not work: it means "not a, or not b".) */
const PROJECTS = ['unit', 'e2e', 'pgbouncer', 'keycloak', 'browser', 'deploy'];

const KEYCLOAK_REMEDY =
  'install Java 17 and Maven, start Docker, or set KEYCLOAK_TEST_URL to a running Keycloak';
const CHROMIUM_REMEDY = 'install Chromium or Google Chrome, or set CHROMIUM_PATH to one';
const PGBOUNCER_REMEDY = 'install PgBouncer, or set PGBOUNCER_PATH';

const args = process.argv.slice(2);

await runScript(async () => {
  await ensureInstalled();
  await ensureBuilt();
  // Projects named in the arguments always run.
  const skipped = args.some((arg) => arg.startsWith('--project')) ? [] : await missing();
  const projects = PROJECTS.filter((name) => !skipped.some(({ project }) => project === name));
  const chosen = skipped.length > 0 ? projects.map((name) => `--project=${name}`) : [];
  const { code } = await runTool('vitest/vitest.mjs', ['run', ...chosen, ...args]);
  for (const project of skipped) report(project);
  return code || (skipped.some(isRequired) ? 1 : 0);
});

/** The projects that cannot run on this machine. Browser tests also sign in at Keycloak. */
async function missing() {
  const chromium = findChromium();
  if (chromium) process.env.CHROMIUM_PATH = chromium;
  const forKeycloak = (await hasKeycloak()) ? [] : [KEYCLOAK_REMEDY];
  const forChromium = chromium ? [] : [CHROMIUM_REMEDY];
  return [
    {
      project: 'pgbouncer',
      remedies: findPgBouncer() ? [] : [PGBOUNCER_REMEDY],
      variable: 'REQUIRE_SERVERS',
    },
    { project: 'keycloak', remedies: forKeycloak, variable: 'REQUIRE_KEYCLOAK' },
    {
      project: 'browser',
      remedies: [...forKeycloak, ...forChromium],
      variable: 'REQUIRE_BROWSER',
    },
  ].filter(({ remedies }) => remedies.length > 0);
}

function isRequired({ variable }) {
  return process.env[variable] === '1';
}

function report({ project, remedies, variable }) {
  const rule = '='.repeat(100);
  const verdict = isRequired({ variable }) ? `FAILED: ${variable}=1, but the` : 'SKIPPED: the';
  console.error(
    `\n${rule}\n${verdict} ${project} tests did not run, because their requirements are missing.`,
  );
  for (const remedy of remedies) console.error(`To run them: ${remedy}.`);
  console.error(rule);
}
