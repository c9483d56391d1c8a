import { resolve } from 'node:path';
import { startBenchmarkEnvironment } from './benchmark-environment.mjs';
import { compare, measure } from './compare.mjs';
import { PATHS } from './hot-paths.mjs';
import { median } from './load-generator.mjs';
import { CONCURRENT_LOGINS, logins } from './logins.mjs';
import { micros, millis, print, times } from './table.mjs';

const REQUIRED = 1.03;

/**
 * Compares the CPU time of the hot paths and of a login with those of another checkout's build. Both builds run at the
 * same time, each with its own database, and get the same load in turn.
 * @param {{ against: string, rounds: number, seconds: number, path: string, connections: number }} options
 *   `against`: the other checkout
 * @returns {Promise<import('./table.mjs').Row[]>}
 */
export async function comparison(benchmark, options) {
  const otherBenchmark = await startBenchmarkEnvironment({
    people: 1_000,
    checkout: resolve(options.against),
  });
  const [before, now] = [await otherBenchmark.startTwinkey(), await benchmark.startTwinkey()];
  try {
    const rows = [];
    for (const { name, of, requests } of PATHS.filter(({ name }) => name.includes(options.path))) {
      const { connections } = options;
      const target = ({ pid, ports }) => ({ pid, port: ports[of], requests, connections });
      const { other, ours } = await compare({
        ours: target(now),
        others: { other: target(before) },
        pace: 400,
        ...options,
      });
      const rate = `rate ${times(other.rateRatio)}, ${other.rate.toFixed(0)} and ${ours.rate.toFixed(0)} requests/s`;
      const latency = `p99 at 400/s: ${millis(other.p99)} and ${millis(ours.p99)}`;
      const cpu = { limit: other.cpu, ours: ours.cpu, ratio: other.cpuRatio };
      rows.push(row(name, cpu, `${rate}; ${latency}`));
      print(`${name}: ${rows.at(-1).ratio}`);
    }
    if (!options.path) rows.push(row('POST /api/v1/auth/login', await loginTimes(before, now, options)));
    return rows;
  } finally {
    for (const { child } of [before, now]) child.kill('SIGKILL');
    await otherBenchmark.close();
  }
}

async function loginTimes(before, now, { rounds, seconds }) {
  const target = ({ pid, ports }) => ({
    pid,
    port: ports.identityProvider,
    requests: logins(1, 400),
    connections: CONCURRENT_LOGINS,
  });
  const pairs = [];
  for (let round = 0; round < rounds; round += 1) {
    const limit = await measure(target(before), seconds * 2);
    pairs.push({ limit: limit.cpu, ours: (await measure(target(now), seconds * 2)).cpu });
  }
  return {
    limit: median(pairs.map(({ limit }) => limit)),
    ours: median(pairs.map(({ ours }) => ours)),
    ratio: median(pairs.map(({ limit, ours }) => ours / limit)),
  };
}

const row = (path, { limit, ours, ratio }, notes = '') => ({
  path: `${path}, CPU`,
  limit: micros(limit),
  ours: micros(ours),
  ratio: times(ratio),
  required: `≤ ${REQUIRED}`,
  notes,
  isMet: ratio <= REQUIRED,
});
