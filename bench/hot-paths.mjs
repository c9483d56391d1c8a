import { tokenOfPerson } from './benchmark-environment.mjs';
import { compare } from './compare.mjs';
import { username } from './sample-rows.mjs';
import { micros, millis, print, times } from './table.mjs';

/** Number of people whose requests are sent in turn. */
const CALLERS = 50;
/** Requests per second at which latency is measured, far from saturation. */
const PACE = 400;

const each = (request) => Array.from({ length: CALLERS }, (_, index) => request(index + 1));
const odd = (index) => index * 2 - 1;
const even = (index) => index * 2;

/** The paths that services and frontends call most often. `of` names Twinkey's port. */
export const PATHS = [
  {
    name: 'GET /users/me, Keycloak token',
    of: 'userService',
    requests: each((n) => ({ path: '/users/me', token: tokenOfPerson(odd(n)) })),
    required: 1.4,
    target: 1.1,
    bare: { required: 1.1, target: 0.9 },
  },
  {
    name: 'GET /users/me, native token',
    of: 'userService',
    requests: each((n) => ({ path: '/users/me', token: tokenOfPerson(even(n)) })),
    required: 1.4,
    target: 1.1,
    bare: { required: 1.1, target: 0.9 },
  },
  {
    name: 'GET /api/v1/auth/me',
    of: 'identityProvider',
    requests: each((n) => ({ path: '/api/v1/auth/me', token: tokenOfPerson(even(n)) })),
    required: 1.6,
    target: 1.3,
    bare: { required: 1.1, target: 0.9 },
  },
  {
    name: 'GET /users/username/{username}',
    of: 'internal',
    requests: each((n) => ({ path: `/users/username/${username(n)}` })),
    required: 1.6,
    target: 1.3,
    bare: { required: 1.5, target: 1.2 },
  },
  {
    name: 'GET /.well-known/jwks.json',
    of: 'identityProvider',
    requests: [{ path: '/.well-known/jwks.json' }],
    requiredRate: 0.4,
    targetRate: 0.7,
    bare: { requiredRate: 0.6 },
  },
];

/**
 * Compares each path with the limit server, and with the one that logs nothing and selects six columns.
 * @returns {Promise<import('./table.mjs').Row[]>}
 */
export async function hotPaths(benchmark, options) {
  const limit = await benchmark.startLimitServer();
  const bare = await benchmark.startLimitServer({ isBare: true });
  const twinkey = await benchmark.startTwinkey();
  const rows = [];
  try {
    for (const path of PATHS.filter(({ name }) => name.includes(options.path))) {
      const target = ({ pid, port }) => ({
        pid,
        port,
        requests: path.requests,
        connections: options.connections,
      });
      const figures = await compare({
        ours: target({ pid: twinkey.pid, port: twinkey.ports[path.of] }),
        others: { limit: target(limit), bare: target(bare) },
        pace: PACE,
        ...options,
      });
      rows.push(rowOf(path, figures));
      print(`${path.name}: ${rows.at(-1).ratio}, ${rows.at(-1).bareRatio}`);
    }
  } finally {
    twinkey.child.kill('SIGKILL');
    await limit.stop();
    await bare.stop();
  }
  return rows;
}

function rowOf(path, { limit, bare, ours }) {
  const latency = `p99 at ${PACE}/s: ${[limit, bare, ours].map(({ p99 }) => millis(p99)).join(', ')}`;
  const isRate = path.requiredRate !== undefined;
  const shown = ({ cpu, rate }) => (isRate ? `${rate.toFixed(0)}/s` : micros(cpu));
  const others = [limit, bare, ours].map(({ cpu, rate }) => (isRate ? micros(cpu) : `${rate.toFixed(0)}/s`));
  const toLimit = judged(limit, path);
  const toBare = judged(bare, path.bare);
  return {
    path: `${path.name}, ${isRate ? 'rate' : 'CPU'}`,
    limit: shown(limit),
    bare: shown(bare),
    ours: shown(ours),
    ...toLimit,
    bareRatio: toBare.ratio,
    bareRequired: toBare.required,
    bareTarget: toBare.target,
    notes: `${others.join(', ')}; ${latency}`,
    isMet: toLimit.isMet,
    isBareMet: toBare.isMet,
  };
}

/** A path's ratio to one limit server, as a row shows it. */
function judged({ cpuRatio, rateRatio }, { required, target, requiredRate, targetRate }) {
  if (requiredRate === undefined) {
    const isMet = cpuRatio <= required;
    return { ratio: times(cpuRatio), required: `≤ ${required}`, target: `≤ ${target}`, isMet };
  }
  return {
    ratio: times(rateRatio),
    required: `≥ ${requiredRate}`,
    target: targetRate && `≥ ${targetRate}`,
    isMet: rateRatio >= requiredRate,
  };
}
