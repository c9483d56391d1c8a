import { median, quantile, sendAtFixedRate, sendAtMaximumRate } from './load-generator.mjs';
import { cpuTime } from './processes.mjs';

/**
 * Measures one path on several servers in turn, in several rounds, so that other work of the machine affects all of them
 * equally. A ratio is the median of the rounds' ratios.
 * @param {{ ours: Target, others: Record<string, Target>, rounds: number, seconds: number, pace: number }} options
 *   `pace`: requests per second for the latency
 * @returns each figure of `ours`, and of each of the others with its ratio
 * @typedef {{ pid: number, port: number, requests: import('./load-generator.mjs').Request[], connections?: number }} Target
 */
export async function compare({ ours, others, rounds, seconds, pace }) {
  const targets = Object.entries({ ...others, ours });
  for (const [, target] of targets) await warmUp(target);
  const taken = Object.fromEntries(targets.map(([name]) => [name, []]));
  const latencies = Object.fromEntries(targets.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, target] of targets) taken[name].push(await measure(target, seconds));
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, target] of targets) {
      const { times } = await sendAtFixedRate({ ...target, perSecond: pace, seconds: seconds / 2 });
      latencies[name].push(quantile(times, 0.99));
    }
  }
  const middle = (name, figure) => median(taken[name].map((round) => round[figure]));
  const ratio = (name, figure) =>
    median(taken.ours.map((round, index) => round[figure] / taken[name][index][figure]));
  const figuresOf = (name) => ({
    cpu: middle(name, 'cpu'),
    rate: middle(name, 'rate'),
    p99: median(latencies[name]),
    cpuRatio: ratio(name, 'cpu'),
    rateRatio: ratio(name, 'rate'),
  });
  return Object.fromEntries(targets.map(([name]) => [name, figuresOf(name)]));
}

const WARM_REQUESTS = 15_000;
const WARM_SECONDS = 20;

/** Runs until V8 has compiled the hot code, which depends on the number of requests and not on the time. */
async function warmUp({ port, requests, connections }) {
  let done = 0;
  for (let second = 0; done < WARM_REQUESTS && second < WARM_SECONDS; second += 1) {
    done += (await sendAtMaximumRate({ port, requests, connections, seconds: 1 })).count;
  }
}

/**
 * CPU microseconds per request, and requests per second, at maximum load.
 * @param {number} tolerated the share of requests that may get another status than 200, for measurements on a busy machine
 */
export async function measure({ pid, port, requests, connections }, seconds, tolerated = 0) {
  const before = cpuTime(pid);
  const { count, perSecond, statuses } = await sendAtMaximumRate({ port, requests, connections, seconds });
  const cpu = (cpuTime(pid) - before) / count;
  if (count - (statuses[200] ?? 0) > tolerated * count)
    throw new Error(`${requests[0].path} answered ${JSON.stringify(statuses)}`);
  return { cpu, rate: perSecond, count };
}
