import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './load-generator.mjs';
import { memory } from './processes.mjs';
import { millis, print } from './table.mjs';

const START_MS = { required: 2_500, target: 1_200 };
const IDLE_MB = { required: 190, target: 140 };
const SETTLED_AFTER_MS = 5_000;

/** Both apps in one process: the time from its start to the first 200 of both apps, and its memory when idle. */
export async function memoryAndStart(benchmark, { rounds }) {
  const starts = [];
  const idle = [];
  for (let round = 0; round < rounds; round += 1) {
    const server = await benchmark.startTwinkey({ everywhere: true });
    starts.push(server.startMs);
    if (round < 2) {
      await sleep(SETTLED_AFTER_MS);
      idle.push(memory(server.pid));
    }
    server.child.kill('SIGKILL');
  }
  print(`start: ${starts.map(millis).join(', ')}`);
  return [
    {
      path: 'process start to the first 200 of both apps, all cores',
      ours: millis(median(starts)),
      required: `≤ ${millis(START_MS.required)}`,
      target: `≤ ${millis(START_MS.target)}`,
      ratio: '',
      isMet: median(starts) <= START_MS.required,
    },
    {
      path: 'memory, both apps in one process, idle',
      ours: `${median(idle).toFixed(0)} MB`,
      required: `< ${IDLE_MB.required} MB`,
      target: `${IDLE_MB.target} MB`,
      ratio: '',
      isMet: !(median(idle) >= IDLE_MB.required),
    },
  ];
}
