import '../bin/node-version.cjs';

const { Problem, runScript } = await import('./support/problem.mjs');
const { ensureInstalled } = await import('./support/install.mjs');
const { runTool } = await import('./support/run.mjs');

/** Each alone: npm run check -- lint. The compiler remembers what it has checked, so that only the first run is slow. */
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
    throw new Problem(`There is no check named ${unknown.join(', ')}: ${Object.keys(CHECKS).join(', ')}.`);
  }
  await ensureInstalled();
  const results = await Promise.all((names.length > 0 ? names : Object.keys(CHECKS)).map(check));
  return results.every((passed) => passed) ? 0 : 1;
});

/** Side by side, so each one's output is held back until it ends; that of one that passes is not worth reading. */
async function check(name) {
  const { tool, args, remedy } = CHECKS[name];
  const started = performance.now();
  const { code, output } = await runTool(tool, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (code === 0) console.log(`✓ ${name} (${seconds} s)`);
  else
    console.error(
      `${output.trimEnd()}\n✗ ${name} (${seconds} s)${remedy ? `: ${remedy} may put it right` : ''}`,
    );
  return code === 0;
}
