import '../bin/node-version.cjs';

const { runScript, UserFacingError } = await import('./support/user-facing-error.mjs');
const { ensureInstalled } = await import('./support/install.mjs');
const { run, runTool } = await import('./support/run.mjs');
const { findPreviousCommit } = await import('./support/previous-commit.mjs');
const { findPostgres, hasKeycloak } = await import('./support/installed-programs.mjs');

/** Injects faults into real processes. Arguments are passed to vitest: names of scenarios (`rolling`), reporters, … */
await runScript(async () => {
  await ensureInstalled();
  const missing = [
    ...((await hasHaproxy()) ? [] : ['HAProxy 2.6 or later (or set HAPROXY_PATH)']),
    ...(findPostgres() ? [] : ["PostgreSQL with pg_dump (Debian's postgresql, or set POSTGRES_PATH)"]),
    ...((await hasKeycloak()) ? [] : ['Java 17 and Maven, or Docker, to run Keycloak']),
  ];
  if (missing.length > 0) throw new UserFacingError(`npm run test:faults needs ${missing.join(', and ')}.`);
  const args = ['run', '--config', 'vitest.faults.config.ts', ...process.argv.slice(2)];
  const { code } = await runTool('vitest/vitest.mjs', args);
  if ((await findPreviousCommit()) === null)
    console.error(
      'SKIPPED: the upgrade from the previous build needs the history of git: git fetch --unshallow',
    );
  return code;
});

async function hasHaproxy() {
  const { code } = await run(process.env.HAPROXY_PATH || 'haproxy', ['-v'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return code === 0;
}
