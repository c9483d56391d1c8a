import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './load.mjs';
import { memory } from './processes.mjs';
import { millis, print } from './table.mjs';

const START_MS = { must: 2_500, aim: 1_200 };
const IDLE_MB = { must: 190, aim: 140 };
const SETTLED_AFTER_MS = 5_000;

/** Both apps in one process: from the start of the process to the first 200 of both, and what it holds when idle. */
export async function memoryAndStart(stage, { rounds }) {
  const starts = [];
  const idle = [];
  for (let round = 0; round < rounds; round += 1) {
    const server = await stage.twinkey({ everywhere: true });
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
      path: 'built process to first 200 of both apps, all cores',
      ours: millis(median(starts)),
      must: `≤ ${millis(START_MS.must)}`,
      aim: `≤ ${millis(START_MS.aim)}`,
      ratio: '',
      holds: median(starts) <= START_MS.must,
    },
    {
      path: 'memory, both apps in one process, idle',
      ours: `${median(idle).toFixed(0)} MB`,
      must: `< ${IDLE_MB.must} MB`,
      aim: `${IDLE_MB.aim} MB`,
      ratio: '',
      holds: !(median(idle) >= IDLE_MB.must),
    },
  ];
}
