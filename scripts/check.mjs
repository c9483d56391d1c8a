import '../bin/node-version.cjs';

const { UserFacingError, runScript } = await import('./support/user-facing-error.mjs');
const { ensureInstalled } = await import('./support/install.mjs');
const { runTool } = await import('./support/run.mjs');

/** Run one of them with: npm run check -- lint. The compiler caches its results, so only the first run is slow. */
const TYPES = ['--noEmit', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/tsc/check.tsbuildinfo'];
const CHECKS = {
  format: { tool: '@biomejs/biome/bin/biome', args: ['format', '.'], remedy: 'npm run format' },
  lint: {
    tool: '@biomejs/biome/bin/biome',
    args: ['check', '--formatter-enabled=false', '.'],
    remedy: 'npm run format',
  },
  types: { tool: 'typescript/bin/tsc', args: ['--pretty', ...TYPES] },
  example: { tool: 'typescript/bin/tsc', args: ['--pretty', '-p', 'examples/spa'] },
  unit: { tool: 'vitest/vitest.mjs', args: ['run', '--project=unit', '--reporter=dot'] },
};

await runScript(async () => {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !(name in CHECKS));
  if (unknown.length > 0) {
    throw new UserFacingError(
      `Unknown check: ${unknown.join(', ')}. Choose from ${Object.keys(CHECKS).join(', ')}.`,
    );
  }
  await ensureInstalled();
  const results = await Promise.all((names.length > 0 ? names : Object.keys(CHECKS)).map(check));
  return results.every((passed) => passed) ? 0 : 1;
});

/** Checks run in parallel, so the output of each is buffered. Only the output of a failed check is printed. */
async function check(name) {
  const { tool, args, remedy } = CHECKS[name];
  const started = performance.now();
  const { code, output } = await runTool(tool, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (code === 0) console.log(`✓ ${name} (${seconds} s)`);
  else
    console.error(`${output.trimEnd()}\n✗ ${name} (${seconds} s)${remedy ? `: ${remedy} may fix it` : ''}`);
  return code === 0;
}
