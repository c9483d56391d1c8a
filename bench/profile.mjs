/**
 * node bench/profile.mjs '/users/me' [seconds]
 *
 * Where the CPU time of one path goes: a sampled profile of both apps under load, by function and by package.
 */

import { once } from 'node:events';
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATHS } from './hot-paths.mjs';
import { flatOut } from './load.mjs';
import { leaveServerCore } from './processes.mjs';
import { setStage } from './stage.mjs';
import { print } from './table.mjs';

const [wanted = '/users/me', seconds = '5'] = process.argv.slice(2);
const path = PATHS.find(({ name }) => name.includes(wanted));
const SHOWN = 45;

leaveServerCore();
const stage = await setStage({ people: 1_000 });
const folder = await mkdtemp(join(tmpdir(), 'twinkey-profile-'));
const nodeArgs = ['--cpu-prof', '--cpu-prof-interval', '200', `--cpu-prof-dir=${folder}`];
const server = await stage.twinkey({ nodeArgs, extra: { ENVIRONMENT: 'test' } });
const load = { port: server.ports[path.of], requests: path.requests };
await flatOut({ ...load, seconds: 2 });
// The profile's clock is the machine's monotonic one as well.
const since = process.hrtime()[0] * 1e6 + process.hrtime()[1] / 1e3;
const { count } = await flatOut({ ...load, seconds: Number(seconds) });
const until = process.hrtime()[0] * 1e6 + process.hrtime()[1] / 1e3;
server.child.kill('SIGTERM');
await once(server.child, 'exit');
await stage.close();

const [file] = await readdir(folder);
const { nodes, samples, timeDeltas, startTime } = JSON.parse(await readFile(join(folder, file), 'utf8'));
const byId = new Map(nodes.map((node) => [node.id, node]));
const own = new Map();
const packages = new Map();
/** With all that a function calls. */
const inclusive = new Map();
const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
let now = startTime;
samples.forEach((id, index) => {
  now += timeDeltas[index];
  if (now < since || now > until) return;
  const { functionName, url, lineNumber } = byId.get(id).callFrame;
  if (functionName === '(idle)') return;
  const place = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\//, 'dist/');
  add(own, `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`, timeDeltas[index]);
  const met = new Set();
  for (let at = id; at !== undefined; at = parents.get(at)) met.add(labelOf(byId.get(at)));
  for (const label of met) add(inclusive, label, timeDeltas[index]);
  const [first, second] = place.split('/');
  add(packages, first.startsWith('@') || first === 'dist' ? `${first}/${second}` : first, timeDeltas[index]);
});
function labelOf({ callFrame: { functionName, url, lineNumber } }) {
  const place = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\//, 'dist/');
  return `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`;
}
function add(map, key, value) {
  map.set(key, (map.get(key) ?? 0) + value);
}
for (const map of [packages, own, inclusive]) {
  print(`\nµs a request (${count} requests)`);
  const sorted = [...map].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  for (const [name, time] of sorted) print(`${(time / count).toFixed(2).padStart(8)}  ${name}`);
}
process.exit();
