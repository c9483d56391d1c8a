/**
 * `--only scaling`: the figures of docs/scaling.md. The CPU time of each path in Twinkey and in Postgres, the pages and the
 * write-ahead log of its statements with ten thousand people and with a million, the CPU time of a password hash, and the
 * bytes of a row of each table that grows.
 */
import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import bcrypt from 'bcrypt';
import { PASSWORD, tokenOfPerson } from './benchmark-environment.mjs';
import { measure } from './compare.mjs';
import { addRefreshableSessions, rowSizes } from './growing-rows.mjs';
import { median } from './load-generator.mjs';
import { logins } from './logins.mjs';
import { outputOfNode } from './processes.mjs';
import { addPeople, giveRole, personId, sql, username } from './sample-rows.mjs';
import { databaseWork } from './statement-costs.mjs';
import { markdown, print } from './table.mjs';

const FEW = 10_000;
const CALLERS = 500;
const REFRESHES = 40_000;
/** Requests and logins per second of the columns with cores. */
const RATES = [1, 100, 10_000];
const LOGIN_RATES = [10, 1_000];
const LOGIN = 'POST /api/v1/auth/login';
const REFRESH = 'POST /api/v1/auth/refresh';
/** The share of a core that is planned for: the rest is for peaks, and for restarts of other replicas. */
const UTILIZATION = 0.6;
/** On a busy machine a statement may take longer than it is allowed to. */
const TOLERATED = 0.05;
/** Seconds and requests of the warm-up of a path, whichever ends first. */
const WARM_UP = 8;
const WARM_REQUESTS = 5_000;
const HASH_COSTS = [10, 11, 12, 13];

/** @param {{ rounds: number, seconds: number, people: number, path: string }} options */
export async function scaling(benchmark, options) {
  if (options.people <= FEW) throw new Error(`--people has to be more than ${FEW}.`);
  const { databaseUrl, passwordHash } = benchmark;
  await sql(databaseUrl, 'CREATE EXTENSION pg_stat_statements');
  await giveRole(databaseUrl, 2, 'admin');
  await addPeople(databaseUrl, { first: 1_001, last: FEW, passwordHash });
  const server = await benchmark.startTwinkey({ extra: { REFRESH_TOKEN_DAYS: '30' } });
  const few = await costs(benchmark, server, FEW, options);
  print(`adding ${options.people - FEW} people …`);
  const people = {
    first: FEW + 1,
    last: options.people,
    add: () => addPeople(databaseUrl, { first: FEW + 1, last: options.people, passwordHash }),
  };
  const rows = await rowSizes(databaseUrl, people, Math.ceil(options.people / 5));
  await sql(databaseUrl, 'CHECKPOINT');
  const many = await costs(benchmark, server, options.people, options);
  const alone = await costs(benchmark, server, options.people, { ...options, connections: 1 });
  server.child.kill('SIGKILL');
  const work = await hashes(options);
  print(pathTable({ few, many, alone }, options.people));
  print(coreTable(many));
  print(hashTable(work));
  print(loginTable(work, many));
  print(rowTable(rows));
  print(await indexTable(databaseUrl));
  return [];
}

/** Each path's requests, spread over all people. */
async function pathsOf({ databaseUrl }, { ports }, people) {
  const spread = Array.from({ length: CALLERS }, (_, index) => Math.floor(((index + 1) * people) / CALLERS));
  const odd = spread.map((n) => n - 1 + (n % 2));
  const even = spread.map((n) => n - (n % 2));
  const admin = tokenOfPerson(2);
  const { identityProvider, userService, internal } = ports;
  const batch = (by) => [
    { path: '/users/batch', method: 'POST', body: { [by]: spread.slice(0, 100).map(personId) } },
  ];
  const tokens = await addRefreshableSessions(
    databaseUrl,
    Array.from({ length: REFRESHES }, (_, index) => 1 + ((index * 7919) % people)),
  );
  return {
    'GET /users/me, Keycloak token': [
      userService,
      odd.map((n) => ({ path: '/users/me', token: tokenOfPerson(n) })),
    ],
    'GET /users/me, native token': [
      userService,
      even.map((n) => ({ path: '/users/me', token: tokenOfPerson(n) })),
    ],
    'GET /api/v1/auth/me': [
      identityProvider,
      even.map((n) => ({ path: '/api/v1/auth/me', token: tokenOfPerson(n) })),
    ],
    'GET /users/username/{username}': [
      internal,
      spread.map((n) => ({ path: `/users/username/${username(n)}` })),
    ],
    'POST /users/batch, 100 subs': [internal, batch('subs')],
    'POST /users/batch, 100 ids': [internal, batch('ids')],
    'GET /api/v1/accounts, 20 rows': [
      identityProvider,
      [{ path: '/api/v1/accounts?limit=20', token: admin }],
    ],
    'GET /users, 20 rows': [userService, [{ path: '/users?limit=20', token: admin }]],
    'GET /.well-known/jwks.json': [identityProvider, [{ path: '/.well-known/jwks.json' }]],
    // Each token is sent once: a second use would end its session.
    [REFRESH]: [
      identityProvider,
      tokens.map((token) => ({
        path: '/api/v1/auth/refresh',
        method: 'POST',
        body: { refresh_token: token },
      })),
      { once: true },
    ],
    [LOGIN]: [identityProvider, logins(1, 400), { connections: 1, times: 3 }],
  };
}

/** @returns {Promise<Record<string, Cost>>} @typedef {{ cpu: number, postgres: number, statements: number, pages: number, wal: number }} Cost per request */
async function costs(benchmark, server, people, { rounds, seconds, path, connections = 16 }) {
  const result = {};
  const paths = Object.entries(await pathsOf(benchmark, server, people));
  for (const [name, [port, requests, given = {}]] of paths.filter(([name]) => name.includes(path))) {
    let used = 0;
    const run = async (time) => {
      const from = given.once ? requests.slice(used) : requests;
      const target = {
        pid: server.pid,
        port,
        requests: from,
        connections: Math.min(connections, given.connections ?? connections),
      };
      const taken = await measure(target, time * (given.times ?? 1), TOLERATED);
      used += taken.count;
      if (given.once && used >= requests.length)
        throw new Error(`${name}: not enough requests for this time.`);
      return taken;
    };
    // A user's first call with a new token stores what it says: everybody calls before it counts.
    for (let time = 0; time < WARM_UP && used < WARM_REQUESTS; time += seconds) await run(seconds);
    const work = await databaseWork(benchmark.databaseUrl, async () => {
      const taken = [];
      for (let round = 0; round < rounds; round += 1) taken.push(await run(seconds));
      return taken;
    });
    const count = work.result.reduce((sum, round) => sum + round.count, 0);
    result[name] = {
      cpu: median(work.result.map(({ cpu }) => cpu)),
      postgres: work.cpu / count,
      statements: work.statements / count,
      pages: work.pages / count,
      wal: work.wal / count,
    };
    print(`${name}, ${people.toLocaleString('en')} people: ${JSON.stringify(result[name])}`);
  }
  return result;
}

const micros = (value) => (value >= 10_000 ? `${(value / 1000).toFixed(0)} ms` : `${value.toFixed(0)} µs`);
const count = (value) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

function pathTable({ few, many, alone }, people) {
  const header = [
    'Path',
    'Twinkey, CPU',
    'Postgres, CPU',
    'Statements',
    'One at a time: Twinkey',
    'Postgres',
    `Pages, ${FEW.toLocaleString('en')} people`,
    `Pages, ${people.toLocaleString('en')} people`,
    'Write-ahead log',
  ];
  const cells = Object.entries(many).map(([path, cost]) => [
    path,
    micros(cost.cpu),
    micros(cost.postgres),
    cost.statements.toFixed(2),
    micros(alone[path].cpu),
    micros(alone[path].postgres),
    count(few[path].pages),
    count(cost.pages),
    cost.wal < 1 ? '' : `${cost.wal.toFixed(0)} bytes`,
  ]);
  return markdown(header, cells);
}

/** Cores for a rate, with room for peaks. @param {number} cpu microseconds of one request */
function cores(cpu, rate) {
  const needed = (cpu * rate) / 1e6 / UTILIZATION;
  return needed < 0.05 ? '< 0.1' : needed.toFixed(needed < 10 ? 1 : 0);
}

function coreTable({ [LOGIN]: _login, ...paths }) {
  const header = ['Path', ...RATES.map((rate) => `${rate.toLocaleString('en')}/s: Twinkey + Postgres`)];
  const cells = Object.entries(paths).map(([path, { cpu, postgres }]) => [
    path,
    ...RATES.map((rate) => `${cores(cpu, rate)} + ${cores(postgres, rate)}`),
  ]);
  return markdown(header, cells);
}

/** CPU time of one hash of each cost, and of one RS256 signature and verification. */
async function hashes({ rounds, seconds }) {
  const measured = {};
  for (const cost of HASH_COSTS) {
    const hash = await bcrypt.hash(PASSWORD, cost);
    const taken = [];
    for (let round = 0; round < rounds; round += 1) {
      const text = await outputOfNode(['bench/raw-bcrypt.mjs', PASSWORD, hash, String(seconds)]);
      taken.push(JSON.parse(text).cpu);
    }
    measured[`bcrypt, cost ${cost}`] = median(taken);
  }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const data = Buffer.alloc(800, 'x');
  const signature = sign('RSA-SHA256', data, privateKey);
  const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
  measured['RS256, signature'] = cpuOf(() => sign('RSA-SHA256', data, privateKey));
  measured['RS256, verification'] = cpuOf(() => verify('RSA-SHA256', data, key, signature));
  return measured;
}

/** CPU microseconds of one call. */
function cpuOf(work, times = 2_000) {
  for (let call = 0; call < times; call += 1) work();
  const before = process.cpuUsage();
  for (let call = 0; call < times; call += 1) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

function hashTable(measured) {
  const cells = Object.entries(measured).map(([name, cpu]) => [name, micros(cpu), (1e6 / cpu).toFixed(1)]);
  return markdown(['Work', 'CPU', 'Per second and core'], cells);
}

/** Around its hash a login costs Twinkey about as much as a refresh: a statement or two more, and the same signature. */
function loginTable(work, many) {
  if (!many[LOGIN] || !many[REFRESH]) return '';
  const costs = HASH_COSTS.map((cost) => `bcrypt, cost ${cost}`);
  const cells = LOGIN_RATES.map((rate) => [
    rate.toLocaleString('en'),
    ...costs.map((name) => cores(work[name] + many[REFRESH].cpu, rate)),
    cores(many[LOGIN].postgres, rate),
  ]);
  return markdown(['Logins per second: cores', ...costs, 'Postgres'], cells);
}

function rowTable(rows) {
  const cells = rows.map(({ table, per, heap, indexes }) => [
    `\`${table}\``,
    per,
    heap.toFixed(0),
    indexes.toFixed(0),
    (heap + indexes).toFixed(0),
  ]);
  return markdown(['Table', 'A row per', 'Row, bytes', 'Indexes, bytes', 'Together'], cells);
}

/** The indexes that the measured paths have used, with their size and height. */
async function indexTable(url) {
  await sql(url, 'CREATE EXTENSION IF NOT EXISTS pageinspect');
  const rows = await sql(
    url,
    `SELECT s.schemaname || '.' || s.indexrelname AS name, s.idx_scan::float8 AS scans, pg_relation_size(s.indexrelid)::float8 AS size,
       (bt_metap(s.schemaname || '.' || s.indexrelname)).level AS level, c.reltuples::float8 AS entries
     FROM pg_stat_user_indexes s JOIN pg_class c ON c.oid = s.indexrelid
     WHERE s.idx_scan > 1000 AND c.reltuples > 10000 ORDER BY 1`,
  );
  const cells = rows.map(({ name, size, level, entries }) => [
    `\`${name}\``,
    entries.toLocaleString('en'),
    `${(size / 2 ** 20).toFixed(0)} MB`,
    (size / entries).toFixed(0),
    String(level),
  ]);
  return markdown(['Index in use', 'Entries', 'Size', 'Bytes per entry', 'Height'], cells);
}
