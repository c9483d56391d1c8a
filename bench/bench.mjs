/**
 * npm run bench [-- --rounds 5 --seconds 2 --only start,paths,logins,pages,workers,feed --path /users/me]
 * npm run bench -- --only state
 * npm run bench -- --only scaling [--people 1000000]
 * npm run bench -- --only enumeration [--path forgot]
 * npm run bench -- --growth [--people 1000000]
 * npm run bench -- --against ../other-checkout [--rounds 5 --seconds 2 --path /users/me --connections 1]
 *
 * Compares both built apps, in production mode, with the two limit servers of this folder and with raw bcrypt.
 * `--growth` measures the same paths with 1,000 and with 1,000,000 people, which takes several minutes.
 */
import { parseArgs } from 'node:util';
import { startBenchmarkEnvironment } from './benchmark-environment.mjs';
import { comparison } from './build-comparison.mjs';
import { growth } from './data-growth.mjs';
import { enumeration } from './enumeration.mjs';
import { expiredState } from './expired-state.mjs';
import { feed } from './feed.mjs';
import { hotPaths } from './hot-paths.mjs';
import { loginRows } from './logins.mjs';
import { memoryAndStart } from './memory-and-start.mjs';
import { pageSignIns } from './page-sign-ins.mjs';
import { isPinned, leaveServerCore } from './processes.mjs';
import { scaling } from './scaling.mjs';
import { STATEMENT_STATISTICS } from './statement-costs.mjs';
import { print, table } from './table.mjs';
import { workers } from './workers.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string', default: 'start,paths,logins,pages,workers,feed' },
    path: { type: 'string', default: '' },
    connections: { type: 'string', default: '16' },
    growth: { type: 'boolean', default: false },
    against: { type: 'string', default: '' },
    people: { type: 'string', default: '1000000' },
  },
});
const options = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  path: values.path,
  connections: Number(values.connections),
  people: Number(values.people),
  against: values.against,
};
const PARTS = {
  start: memoryAndStart,
  paths: hotPaths,
  logins: loginRows,
  pages: pageSignIns,
  workers,
  feed,
  state: expiredState,
  enumeration,
  growth,
  scaling,
  comparison,
};
const parts = values.against ? ['comparison'] : values.growth ? ['growth'] : values.only.split(',');

leaveServerCore();
print(
  isPinned ? 'Servers on core 0, load and Postgres on the others.' : 'Without taskset: nothing is pinned.',
);
const benchmark = await startBenchmarkEnvironment({
  people: 1_000,
  postgres: parts.includes('scaling') ? STATEMENT_STATISTICS : {},
});
const rows = [];
try {
  for (const part of parts) rows.push(...(await PARTS[part](benchmark, options)));
} finally {
  await benchmark.close();
}
const TITLES = {
  comparison: { limit: 'Other build' },
  enumeration: { limit: 'Unknown address', ours: 'Known address' },
};
if (rows.length > 0) print(table(rows, TITLES[parts[0]]));
if (rows.some(({ isMet, isBareMet }) => isMet === false || isBareMet === false)) process.exitCode = 1;
process.exit();
