import { tokenOfPerson } from './benchmark-environment.mjs';
import { measure } from './compare.mjs';
import { median } from './load-generator.mjs';
import { addPeople, addRoles, deepestRole, giveRole, username } from './sample-rows.mjs';
import { micros, print, times } from './table.mjs';

const FEW = 1_000;
const REQUIRED = 1.2;
const LIMIT = 20;
/** The deep page is page 1,000, or one near the end if there are fewer pages. */
const DEEP = 1_000;
const pagesOf = (people) => Math.min(DEEP, Math.floor((people * 0.8) / (2 * LIMIT)));

/**
 * Measures the same requests with a thousand people, with a million, and with a thousand roles in ten levels: time from
 * request to response on one connection, including Postgres.
 */
export async function growth(benchmark, { rounds, seconds, people }) {
  // Person 2 has a native account (even number). They can read the lists; later their role is the deepest one of many.
  await giveRole(benchmark.databaseUrl, 2, 'admin');
  const server = await benchmark.startTwinkey();
  // Warm-up: before the code is compiled, everything seems to get faster as data grows.
  await figures(server, FEW, { rounds: 1, seconds: 2 });
  const before = await figures(server, FEW, { rounds, seconds });
  print(`adding ${people - FEW} people …`);
  const { databaseUrl, passwordHash } = benchmark;
  await addPeople(databaseUrl, { first: FEW + 1, last: people, passwordHash });
  const after = await figures(server, people, { rounds, seconds });
  await addRoles(databaseUrl);
  await giveRole(databaseUrl, 2, deepestRole);
  const deep = await figures(server, people, { rounds, seconds });
  server.child.kill('SIGKILL');
  return Object.keys(before).flatMap((path) => [
    row(`${path}: 1,000 → ${people.toLocaleString('en')} people`, before[path], after[path]),
    row(`${path}: the same and 1,000 roles, 10 levels`, before[path], deep[path]),
  ]);
}

function row(path, small, large) {
  const ratio = large.wall / small.wall;
  const cpu = `CPU ${micros(small.cpu)} and ${micros(large.cpu)}`;
  return {
    path,
    limit: micros(small.wall),
    ours: micros(large.wall),
    ratio: times(ratio),
    required: `≤ ${REQUIRED}`,
    target: '≤ 1.1',
    notes: cpu,
    isMet: ratio <= REQUIRED,
  };
}

async function figures({ pid, ports }, people, { rounds, seconds }) {
  const spread = Array.from({ length: 50 }, (_, index) =>
    Math.max(2, Math.floor(((index + 1) * people) / 50)),
  );
  const reader = tokenOfPerson(2);
  const accounts = `/api/v1/accounts?limit=${LIMIT}`;
  const users = `/users?limit=${LIMIT}`;
  const { identityProvider, userService, internal } = ports;
  const paths = {
    'GET /users/me': [userService, spread.map((n) => ({ path: '/users/me', token: tokenOfPerson(n) }))],
    'GET /api/v1/auth/me': [
      identityProvider,
      spread.map((n) => ({ path: '/api/v1/auth/me', token: tokenOfPerson(n, { native: true }) })),
    ],
    'GET /users/username/{username}': [
      internal,
      spread.map((n) => ({ path: `/users/username/${username(n)}` })),
    ],
    'GET /api/v1/accounts, first page': [identityProvider, [{ path: accounts, token: reader }]],
    'GET /api/v1/accounts, deep page': [
      identityProvider,
      [{ path: await deepPage(identityProvider, accounts, reader, people), token: reader }],
    ],
    'GET /users, first page': [userService, [{ path: users, token: reader }]],
    'GET /users, deep page': [
      userService,
      [{ path: await deepPage(userService, users, reader, people), token: reader }],
    ],
  };
  const result = {};
  for (const [path, [port, requests]] of Object.entries(paths)) {
    const target = { pid, port, requests, connections: 1 };
    await measure(target, seconds);
    const taken = [];
    for (let round = 0; round < rounds; round += 1) taken.push(await measure(target, seconds));
    result[path] = {
      wall: median(taken.map(({ rate }) => 1e6 / rate)),
      cpu: median(taken.map(({ cpu }) => cpu)),
    };
  }
  return result;
}

/** Follows the cursors to a page far down the list and returns its path. */
async function deepPage(port, path, token, people) {
  const pages = pagesOf(people);
  let cursor = '';
  for (let page = 1; page < pages; page += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}${cursor}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { meta, message } = await answer.json();
    if (!meta?.next_cursor) throw new Error(`${path}: page ${page} of ${pages} is the last one (${message})`);
    cursor = `&cursor=${encodeURIComponent(meta.next_cursor)}`;
  }
  return `${path}${cursor}`;
}
