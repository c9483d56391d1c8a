import '../bin/node-version.cjs';

const { runScript } = await import('./support/problem.mjs');
const { ensureInstalled } = await import('./support/install.mjs');
const { ensureBuilt } = await import('./support/build.mjs');
const { runTool } = await import('./support/run.mjs');
const { findChromium, hasKeycloak } = await import('./support/available.mjs');

/** Those of vitest.config.ts. (`--project=!a --project=!b` is no help: it means "not a, or not b".) */
const PROJECTS = ['unit', 'e2e', 'keycloak', 'browser'];

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

/** The kinds of tests that can't run on this machine. */
async function missing() {
  const chromium = findChromium();
  if (chromium) process.env.CHROMIUM_PATH = chromium;
  const kinds = [
    {
      project: 'keycloak',
      found: await hasKeycloak(),
      required: process.env.REQUIRE_KEYCLOAK === '1',
      remedy: 'install Java 17 and Maven, start Docker, or set KEYCLOAK_TEST_URL to a running Keycloak',
    },
    {
      project: 'browser',
      found: chromium !== null,
      required: process.env.REQUIRE_BROWSER === '1',
      remedy: 'install Chromium or Google Chrome, or set CHROMIUM_PATH to one',
    },
  ];
  return kinds.filter(({ found }) => !found);
}

function report({ project, required, remedy }) {
  const rule = '='.repeat(100);
  const verdict = required ? `FAILED: REQUIRE_${project.toUpperCase()}=1, but they` : 'LEFT OUT: they';
  console.error(
    `\n${rule}\nThe ${project} tests did not run. ${verdict} need something that is missing here.`,
  );
  console.error(`To get them: ${remedy}.\n${rule}`);
}
