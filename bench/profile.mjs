/**
 * node bench/profile.mjs '/users/me' [seconds]
 *
 * Shows which functions and packages use the CPU time of one path: a sampling profile of both apps under load.
 */

import { once } from 'node:events';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBenchmarkEnvironment } from './benchmark-environment.mjs';
import { PATHS } from './hot-paths.mjs';
import { sendAtMaximumRate } from './load-generator.mjs';
import { leaveServerCore } from './processes.mjs';
import { print } from './table.mjs';

const [wanted = '/users/me', seconds = '5'] = process.argv.slice(2);
const path = PATHS.find(({ name }) => name.includes(wanted));
const SHOWN = 45;

leaveServerCore();
const benchmark = await startBenchmarkEnvironment({ people: 1_000 });
const folder = await mkdtemp(join(tmpdir(), 'twinkey-profile-'));
const nodeArgs = ['--cpu-prof', '--cpu-prof-interval', '200', `--cpu-prof-dir=${folder}`];
const server = await benchmark.startTwinkey({ nodeArgs, extra: { ENVIRONMENT: 'test' } });
const load = { port: server.ports[path.of], requests: path.requests };
await sendAtMaximumRate({ ...load, seconds: 2 });
// The profile uses the same monotonic clock.
const since = process.hrtime()[0] * 1e6 + process.hrtime()[1] / 1e3;
const { count } = await sendAtMaximumRate({ ...load, seconds: Number(seconds) });
const until = process.hrtime()[0] * 1e6 + process.hrtime()[1] / 1e3;
server.child.kill('SIGTERM');
await once(server.child, 'exit');
await benchmark.close();

const [file] = await readdir(folder);
const { nodes, samples, timeDeltas, startTime } = JSON.parse(await readFile(join(folder, file), 'utf8'));
const byId = new Map(nodes.map((node) => [node.id, node]));
const own = new Map();
const packages = new Map();
/** Time of each function, including the functions that it calls. */
const inclusive = new Map();
const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
let now = startTime;
samples.forEach((id, index) => {
  now += timeDeltas[index];
  if (now < since || now > until) return;
  const { functionName, url, lineNumber } = byId.get(id).callFrame;
  if (functionName === '(idle)') return;
  const location = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\//, 'dist/');
  add(own, `${functionName || '(anonymous)'} ${location}:${lineNumber + 1}`, timeDeltas[index]);
  const labels = new Set();
  for (let current = id; current !== undefined; current = parents.get(current))
    labels.add(labelOf(byId.get(current)));
  for (const label of labels) add(inclusive, label, timeDeltas[index]);
  const [first, second] = location.split('/');
  add(packages, first.startsWith('@') || first === 'dist' ? `${first}/${second}` : first, timeDeltas[index]);
});
function labelOf({ callFrame: { functionName, url, lineNumber } }) {
  const location = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\//, 'dist/');
  return `${functionName || '(anonymous)'} ${location}:${lineNumber + 1}`;
}
function add(map, key, value) {
  map.set(key, (map.get(key) ?? 0) + value);
}
for (const map of [packages, own, inclusive]) {
  print(`\nµs per request (${count} requests)`);
  const sorted = [...map].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  for (const [name, time] of sorted) print(`${(time / count).toFixed(2).padStart(8)}  ${name}`);
}
process.exit();
