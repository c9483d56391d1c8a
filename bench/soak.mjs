/**
 * npm run soak [-- --minutes 10]
 *
 * Both apps in one process under a constant mix of requests: memory must not grow, and every request must succeed.
 */
import { parseArgs } from 'node:util';
import { startBenchmarkEnvironment, tokenOfPerson } from './benchmark-environment.mjs';
import { sendAtFixedRate } from './load-generator.mjs';
import { leaveServerCore, memory } from './processes.mjs';
import { username } from './sample-rows.mjs';
import { print, table } from './table.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const PEOPLE = 1_000;
const PER_SECOND = 300;
const SLICE_SECONDS = 10;
/** Normal variation of V8's heap; a leak at this rate adds more. */
const HEAP_VARIATION_MB = 15;

leaveServerCore();
const benchmark = await startBenchmarkEnvironment({ people: PEOPLE });
const server = await benchmark.startTwinkey();
const people = Array.from({ length: PEOPLE }, (_, index) => index + 1);
const loads = [
  {
    port: server.ports.userService,
    requests: people.map((n) => ({ path: '/users/me', token: tokenOfPerson(n) })),
  },
  {
    port: server.ports.identityProvider,
    requests: people.map((n) => ({ path: '/api/v1/auth/me', token: tokenOfPerson(n, { native: true }) })),
  },
  { port: server.ports.internal, requests: people.map((n) => ({ path: `/users/username/${username(n)}` })) },
];

const sizes = [];
const statuses = {};
const slices = Math.max(6, Math.round((Number(values.minutes) * 60) / SLICE_SECONDS));
for (let slice = 0; slice < slices; slice += 1) {
  const pace = { perSecond: PER_SECOND / loads.length, seconds: SLICE_SECONDS };
  for (const done of await Promise.all(loads.map((load) => sendAtFixedRate({ ...load, ...pace })))) {
    for (const [status, count] of Object.entries(done.statuses))
      statuses[status] = (statuses[status] ?? 0) + count;
  }
  sizes.push(memory(server.pid));
  print(`${((slice + 1) * SLICE_SECONDS) / 60} min: ${sizes.at(-1).toFixed(0)} MB`);
}
server.child.kill('SIGKILL');
await benchmark.close();

const third = Math.floor(sizes.length / 3);
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
// The first third is warm-up: code is compiled and caches are filled.
const middle = mean(sizes.slice(third, 2 * third));
const last = mean(sizes.slice(-third));
const failed = Object.keys(statuses).filter((status) => status !== '200');
const isMet = last - middle <= HEAP_VARIATION_MB && failed.length === 0;
print(
  table([
    {
      path: `memory over ${values.minutes} minutes at ${PER_SECOND} requests/s`,
      limit: `${middle.toFixed(0)} MB in the second third`,
      ours: `${last.toFixed(0)} MB in the last`,
      ratio: '',
      required: 'flat',
      notes: `answers by status: ${JSON.stringify(statuses)}`,
      isMet,
    },
  ]),
);
process.exit(isMet ? 0 : 1);
