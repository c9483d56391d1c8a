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
  },
  {
    name: 'GET /users/me, native token',
    of: 'userService',
    requests: each((n) => ({ path: '/users/me', token: tokenOfPerson(even(n)) })),
    required: 1.4,
    target: 1.1,
  },
  {
    name: 'GET /api/v1/auth/me',
    of: 'identityProvider',
    requests: each((n) => ({ path: '/api/v1/auth/me', token: tokenOfPerson(even(n)) })),
    required: 1.6,
    target: 1.3,
  },
  {
    name: 'GET /users/username/{username}',
    of: 'internal',
    requests: each((n) => ({ path: `/users/username/${username(n)}` })),
    required: 1.6,
    target: 1.3,
  },
  {
    name: 'GET /.well-known/jwks.json',
    of: 'identityProvider',
    requests: [{ path: '/.well-known/jwks.json' }],
    requiredRate: 0.4,
    targetRate: 0.7,
  },
];

/** @returns {Promise<import('./table.mjs').Row[]>} */
export async function hotPaths(benchmark, options) {
  const limit = await benchmark.startLimitServer();
  const ours = await benchmark.startTwinkey();
  const rows = [];
  try {
    for (const path of PATHS.filter(({ name }) => name.includes(options.path))) {
      const { requests } = path;
      const figures = await compare({
        limit: { pid: limit.pid, port: limit.port, requests },
        ours: { pid: ours.pid, port: ours.ports[path.of], requests },
        pace: PACE,
        ...options,
      });
      rows.push(rowOf(path, figures));
      print(`${path.name}: ${rows.at(-1).ratio}`);
    }
  } finally {
    ours.child.kill('SIGKILL');
    await limit.stop();
  }
  return rows;
}

function rowOf({ name, required, target, requiredRate, targetRate }, { cpu, rate, p99 }) {
  const rates = `${rate.limit.toFixed(0)} and ${rate.ours.toFixed(0)} requests/s`;
  const latency = `p99 at ${PACE}/s: ${millis(p99.limit)} and ${millis(p99.ours)}`;
  if (requiredRate) {
    return {
      path: `${name}, rate`,
      limit: `${rate.limit.toFixed(0)}/s`,
      ours: `${rate.ours.toFixed(0)}/s`,
      ratio: times(rate.ratio),
      required: `≥ ${requiredRate}`,
      target: `≥ ${targetRate}`,
      notes: `${micros(cpu.limit)} and ${micros(cpu.ours)}; ${latency}`,
      isMet: rate.ratio >= requiredRate,
    };
  }
  return {
    path: `${name}, CPU`,
    limit: micros(cpu.limit),
    ours: micros(cpu.ours),
    ratio: times(cpu.ratio),
    required: `≤ ${required}`,
    target: `≤ ${target}`,
    notes: `${rates}; ${latency}`,
    isMet: !(cpu.ratio > required),
  };
}
