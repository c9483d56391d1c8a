/**
 * `--only feed`: how long a change takes until verifiers refuse or grant, and what readers and entries cost in memory.
 * Four verifiers follow the feed, each in the load's process, as four services would.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pg from 'pg';
import { FeedAuthority } from '../dist/libs/verify/src/feed/feed-authority.js';

const TOKEN = 'a-token-for-the-feed-of-the-bench';
const CHANGES = 200;
const VERIFIERS = 4;
const READERS = 1_000;
const ENDED = 10_000;
const MB = 1024 * 1024;

/** @param {{ env: Record<string, string>, databaseUrl: string, startTwinkey: Function }} benchmark */
export async function feed(benchmark) {
  const server = await benchmark.startTwinkey({ extra: { AUTHORITY_FEED_TOKEN: TOKEN } });
  const url = `http://127.0.0.1:${server.ports.identityProvider}/api/v1/authority`;
  const database = new pg.Client({ connectionString: benchmark.databaseUrl });
  await database.connect();
  const verifiers = Array.from(
    { length: VERIFIERS },
    () => new FeedAuthority({ feeds: [{ url, token: TOKEN }] }),
  );
  try {
    await until(() => verifiers.every((verifier) => verifier.isCurrent(Date.now() / 1_000)));
    return [
      ...(await delays(database, verifiers, benchmark.env.JWT_ISSUER)),
      await readerMemory(url, server.pid),
      await entryMemory(database, url),
    ];
  } finally {
    for (const verifier of verifiers) verifier.close();
    await database.end();
    server.child.kill('SIGKILL');
  }
}

/** The time from the statement that changes something until all four verifiers heed it. */
async function delays(database, verifiers, issuer) {
  const { rows } = await database.query(`SELECT id FROM identity.accounts ORDER BY id LIMIT ${CHANGES}`);
  const roles = await database.query(`SELECT name, id FROM identity.roles WHERE name IN ('user', 'admin')`);
  const roleId = Object.fromEntries(roles.rows.map(({ name, id }) => [name, id]));
  const reference = (subject, sessionId = null) => ({
    issuer,
    subject,
    sessionId,
    keyId: 'bench',
    issuedAt: Math.floor(Date.now() / 1_000),
    role: 'user',
    roles: ['user'],
  });
  const kinds = {
    'logout to refusal': async ({ id }) => {
      const sid = randomUUID();
      await database.query(
        `INSERT INTO identity.sessions (id, account_id, expires_at) VALUES ($1, $2, now() + interval '1 hour')`,
        [sid, id],
      );
      return [
        () => database.query('DELETE FROM identity.sessions WHERE id = $1', [sid]),
        refused(reference(id, sid)),
      ];
    },
    'disabled account to refusal': async ({ id }) => [
      () => database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [id]),
      refused(reference(id)),
    ],
    'enabled account to grant': async ({ id }) => [
      () => database.query(`UPDATE identity.accounts SET status = 'active' WHERE id = $1`, [id]),
      (verifier) => !refused(reference(id))(verifier),
    ],
    'changed role to grant': async ({ id }) => [
      () => database.query('UPDATE identity.accounts SET role_id = $1 WHERE id = $2', [roleId.admin, id]),
      (verifier) => verifier.currentAuthority(reference(id))?.permissions[0] === '*',
    ],
  };
  const measured = [];
  for (const [title, prepare] of Object.entries(kinds)) {
    const times = [];
    for (const account of rows) {
      const [change, isKnown] = await prepare(account);
      const since = performance.now();
      await change();
      await until(() => verifiers.every(isKnown));
      times.push(performance.now() - since);
    }
    const p99 = times.sort((a, b) => a - b)[Math.ceil(times.length * 0.99) - 1];
    measured.push({
      path: `feed: ${title}, p99 of ${times.length}`,
      ours: `${Math.round(p99)} ms`,
      required: '< 2,000 ms',
      isMet: p99 < 2_000,
    });
  }
  return measured;
}

const refused = (reference) => (verifier) => {
  try {
    verifier.assertNotRevoked(reference);
    return false;
  } catch {
    return true;
  }
};

async function readerMemory(url, pid) {
  const before = residentOf(pid);
  const responses = [];
  for (let opened = 0; opened < READERS; opened += 50) {
    responses.push(...(await Promise.all(Array.from({ length: 50 }, () => openFeed(url)))));
  }
  await sleep(2_000);
  const used = (residentOf(pid) - before) / MB;
  for (const response of responses) response.destroy();
  return {
    path: `feed: ${READERS} open feeds`,
    ours: `${Math.round(used)} MB`,
    required: '< 100 MB',
    isMet: used < 100,
  };
}

function openFeed(url) {
  const headers = { authorization: `Bearer ${TOKEN}`, accept: 'text/event-stream' };
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) => resolve(response.on('error', () => {}).resume())).once(
      'error',
      reject,
    );
  });
}

async function entryMemory(database, url) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const verifier = new FeedAuthority({ feeds: [{ url, token: TOKEN }] });
  await until(() => verifier.isCurrent(Date.now() / 1_000));
  const known = verifier.endedEntries;
  collect();
  const before = process.memoryUsage().heapUsed;
  await database.query(
    `SELECT identity.revoke('native', 'session', gen_random_uuid()::text, NULL, now() + interval '1 hour')
     FROM generate_series(1, ${ENDED})`,
  );
  await until(() => verifier.endedEntries >= known + ENDED);
  collect();
  // The four other verifiers of this process hold the same entries.
  const used = (process.memoryUsage().heapUsed - before) / MB / (VERIFIERS + 1);
  verifier.close();
  return {
    path: `feed: ${ENDED} ended sessions, one verifier`,
    ours: `${used.toFixed(1)} MB`,
    required: '< 5 MB',
    isMet: used < 5,
  };
}

/** Resident memory in bytes; Linux only, as the rest of the bench. */
function residentOf(pid) {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kilobytes) * 1024;
}

async function until(holds) {
  for (const since = performance.now(); !holds(); await sleep(2)) {
    if (performance.now() - since > 30_000) throw new Error('The feed does not tell the change.');
  }
}
