import { compare } from './compare.mjs';
import { username } from './rows.mjs';
import { tokenOfPerson } from './stage.mjs';
import { micros, millis, print, times } from './table.mjs';

/** People whose requests come in turn. */
const CALLERS = 50;
/** Requests a second at which latency is looked at: far from saturation. */
const PACE = 400;

const each = (request) => Array.from({ length: CALLERS }, (_, index) => request(index + 1));
const odd = (index) => index * 2 - 1;
const even = (index) => index * 2;

/** The paths that services and frontends call all the time. `of`: which port of ours. */
export const PATHS = [
  {
    name: 'GET /users/me, Keycloak token',
    of: 'userService',
    requests: each((n) => ({ path: '/users/me', token: tokenOfPerson(odd(n)) })),
    must: 1.4,
    aim: 1.1,
  },
  {
    name: 'GET /users/me, native token',
    of: 'userService',
    requests: each((n) => ({ path: '/users/me', token: tokenOfPerson(even(n)) })),
    must: 1.4,
    aim: 1.1,
  },
  {
    name: 'GET /api/v1/auth/me',
    of: 'identityProvider',
    requests: each((n) => ({ path: '/api/v1/auth/me', token: tokenOfPerson(even(n)) })),
    must: 1.6,
    aim: 1.3,
  },
  {
    name: 'GET /users/username/{username}',
    of: 'internal',
    requests: each((n) => ({ path: `/users/username/${username(n)}` })),
    must: 1.6,
    aim: 1.3,
  },
  {
    name: 'GET /.well-known/jwks.json',
    of: 'identityProvider',
    requests: [{ path: '/.well-known/jwks.json' }],
    mustRate: 0.4,
    aimRate: 0.7,
  },
];

/** @returns {Promise<import('./table.mjs').Row[]>} */
export async function hotPaths(stage, options) {
  const limit = await stage.limitServer();
  const ours = await stage.twinkey();
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

function rowOf({ name, must, aim, mustRate, aimRate }, { cpu, rate, p99 }) {
  const rates = `${rate.limit.toFixed(0)} and ${rate.ours.toFixed(0)} requests/s`;
  const latency = `p99 at ${PACE}/s: ${millis(p99.limit)} and ${millis(p99.ours)}`;
  if (mustRate) {
    return {
      path: `${name}, rate`,
      limit: `${rate.limit.toFixed(0)}/s`,
      ours: `${rate.ours.toFixed(0)}/s`,
      ratio: times(rate.ratio),
      must: `≥ ${mustRate}`,
      aim: `≥ ${aimRate}`,
      rest: `${micros(cpu.limit)} and ${micros(cpu.ours)}; ${latency}`,
      holds: rate.ratio >= mustRate,
    };
  }
  return {
    path: `${name}, CPU`,
    limit: micros(cpu.limit),
    ours: micros(cpu.ours),
    ratio: times(cpu.ratio),
    must: `≤ ${must}`,
    aim: `≤ ${aim}`,
    rest: `${rates}; ${latency}`,
    holds: !(cpu.ratio > must),
  };
}
