/**
 * npm run bench [-- --rounds 5 --seconds 2 --only start,paths,logins,workers --path /users/me]
 * npm run bench -- --growth [--people 1000000]
 *
 * Both apps as they are built, in production mode, against the limit server beside this file and raw bcrypt, in turn.
 * `--growth` adds the same paths with 1,000 and with 1,000,000 people, which takes some minutes.
 */
import { parseArgs } from 'node:util';
import { growth } from './growth.mjs';
import { hotPaths } from './hot-paths.mjs';
import { loginRows } from './logins.mjs';
import { isPinned, leaveServerCore } from './processes.mjs';
import { memoryAndStart } from './resources.mjs';
import { setStage } from './stage.mjs';
import { print, table } from './table.mjs';
import { workers } from './workers.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string', default: 'start,paths,logins,workers' },
    path: { type: 'string', default: '' },
    growth: { type: 'boolean', default: false },
    people: { type: 'string', default: '1000000' },
  },
});
const options = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  path: values.path,
  people: Number(values.people),
};
const PARTS = { start: memoryAndStart, paths: hotPaths, logins: loginRows, workers, growth };
const parts = values.growth ? ['growth'] : values.only.split(',');

leaveServerCore();
print(
  isPinned ? 'Servers on core 0, load and Postgres on the others.' : 'Without taskset: nothing is pinned.',
);
const stage = await setStage({ people: 1_000 });
const rows = [];
try {
  for (const part of parts) rows.push(...(await PARTS[part](stage, options)));
} finally {
  await stage.close();
}
print(table(rows));
if (rows.some(({ holds }) => holds === false)) process.exitCode = 1;
process.exit();
