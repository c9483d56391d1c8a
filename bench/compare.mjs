import { median, quantile, sendAtFixedRate, sendAtMaximumRate } from './load-generator.mjs';
import { cpuTime } from './processes.mjs';

/**
 * Measures one path on both servers alternately, in several rounds, so that other work of the machine affects both
 * equally. The result is the median of the rounds' ratios.
 * @param {{ ours: Target, limit: Target, rounds: number, seconds: number, pace: number }} options
 * @typedef {{ pid: number, port: number, requests: import('./load-generator.mjs').Request[] }} Target
 */
export async function compare({ ours, limit, rounds, seconds, pace }) {
  const both = [limit, ours];
  for (const target of both) await warmUp(target);
  const taken = { limit: [], ours: [] };
  const latencies = { limit: [], ours: [] };
  for (let round = 0; round < rounds; round += 1) {
    taken.limit.push(await measure(limit, seconds));
    taken.ours.push(await measure(ours, seconds));
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, target] of [
      ['limit', limit],
      ['ours', ours],
    ]) {
      const { times } = await sendAtFixedRate({ ...target, perSecond: pace, seconds: seconds / 2 });
      latencies[name].push(quantile(times, 0.99));
    }
  }
  const middle = (side, figure) => median(taken[side].map((round) => round[figure]));
  const ratio = (figure) =>
    median(taken.ours.map((round, index) => round[figure] / taken.limit[index][figure]));
  return {
    cpu: { limit: middle('limit', 'cpu'), ours: middle('ours', 'cpu'), ratio: ratio('cpu') },
    rate: { limit: middle('limit', 'rate'), ours: middle('ours', 'rate'), ratio: ratio('rate') },
    p99: { limit: median(latencies.limit), ours: median(latencies.ours) },
  };
}

const WARM_REQUESTS = 15_000;
const WARM_SECONDS = 20;

/** Runs until V8 has compiled the hot code, which depends on the number of requests and not on the time. */
async function warmUp({ port, requests }) {
  let done = 0;
  for (let second = 0; done < WARM_REQUESTS && second < WARM_SECONDS; second += 1) {
    done += (await sendAtMaximumRate({ port, requests, seconds: 1 })).count;
  }
}

/** CPU microseconds per request, and requests per second, at maximum load. */
export async function measure({ pid, port, requests, connections }, seconds) {
  const before = cpuTime(pid);
  const { count, perSecond, statuses } = await sendAtMaximumRate({ port, requests, connections, seconds });
  const cpu = (cpuTime(pid) - before) / count;
  const wrong = Object.keys(statuses).filter((status) => status !== '200');
  if (wrong.length > 0) throw new Error(`${requests[0].path} answered ${JSON.stringify(statuses)}`);
  return { cpu, rate: perSecond };
}
