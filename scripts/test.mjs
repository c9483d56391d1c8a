import '../bin/node-version.cjs';

const { runScript } = await import('./support/problem.mjs');
const { ensureInstalled } = await import('./support/install.mjs');
const { ensureBuilt } = await import('./support/build.mjs');
const { runTool } = await import('./support/run.mjs');
const { findChromium, hasKeycloak } = await import('./support/available.mjs');

/** Those of vitest.config.ts. (`--project=!a --project=!b` is no help: it means "not a, or not b".) */
const PROJECTS = ['unit', 'e2e', 'keycloak', 'browser'];

const KEYCLOAK_REMEDY =
  'install Java 17 and Maven, start Docker, or set KEYCLOAK_TEST_URL to a running Keycloak';
const CHROMIUM_REMEDY = 'install Chromium or Google Chrome, or set CHROMIUM_PATH to one';

const args = process.argv.slice(2);

await runScript(async () => {
  await ensureInstalled();
  await ensureBuilt();
  // Whoever names projects gets those.
  const leftOut = args.some((arg) => arg.startsWith('--project')) ? [] : await missing();
  const projects = PROJECTS.filter((name) => !leftOut.some(({ project }) => project === name));
  const chosen = leftOut.length > 0 ? projects.map((name) => `--project=${name}`) : [];
  const { code } = await runTool('vitest/vitest.mjs', ['run', ...chosen, ...args]);
  for (const one of leftOut) report(one);
  return code || (leftOut.some(({ required }) => required) ? 1 : 0);
});

/** The kinds of tests that can't run on this machine. In the browser, people sign in at Keycloak too. */
async function missing() {
  const chromium = findChromium();
  if (chromium) process.env.CHROMIUM_PATH = chromium;
  const forKeycloak = (await hasKeycloak()) ? [] : [KEYCLOAK_REMEDY];
  const forChromium = chromium ? [] : [CHROMIUM_REMEDY];
  return [
    { project: 'keycloak', remedies: forKeycloak, required: process.env.REQUIRE_KEYCLOAK === '1' },
    {
      project: 'browser',
      remedies: [...forKeycloak, ...forChromium],
      required: process.env.REQUIRE_BROWSER === '1',
    },
  ].filter(({ remedies }) => remedies.length > 0);
}

function report({ project, remedies, required }) {
  const rule = '='.repeat(100);
  const verdict = required ? `FAILED: REQUIRE_${project.toUpperCase()}=1, but the` : 'LEFT OUT: the';
  console.error(`\n${rule}\n${verdict} ${project} tests did not run, for lack of what they need.`);
  for (const remedy of remedies) console.error(`To get them: ${remedy}.`);
  console.error(rule);
}
