/**
 * `--only state`: how long the queries of sign-ins take while a million expired rows of `identity.oauth_state` are cleared,
 * and before. Both use the classes of identity-provider, each with a connection pool of its own.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { EXPIRING_TABLES } from '../dist/apps/identity-provider/src/expired-rows/expired-rows.service.js';
import { OauthStateStore } from '../dist/apps/identity-provider/src/oauth/state/oauth-state.store.js';
import { deleteExpired } from '../dist/libs/background/expired-rows.js';
import { identityDataSource } from '../dist/libs/database/identity/identity-data-source.js';
import { millis, print, times } from './table.mjs';

const EXPIRED = 1_000_000;
/** Browsers that sign in at the same time; each pauses between two sign-ins, as all of a large site would. */
const BROWSERS = 8;
const PAUSE_MS = 20;
/** A payload of the size of an authorization request in progress. */
const PAYLOAD = { params: { state: 'x'.repeat(600), scope: 'openid profile email' }, kind: 'Interaction' };
const REQUIRED = 2;

/** @param {{ databaseUrl: string }} benchmark @param {{ seconds: number }} options */
export async function expiredState({ databaseUrl }, { seconds }) {
  const pool = { poolSize: 10, connectTimeoutMs: 10_000 };
  const [signIns, cleaning] = await Promise.all([
    identityDataSource(databaseUrl, pool).initialize(),
    identityDataSource(databaseUrl, pool).initialize(),
  ]);
  try {
    print(`adding ${EXPIRED.toLocaleString('en')} expired rows …`);
    await addExpired(databaseUrl);
    const store = new OauthStateStore(signIns);
    await queryTimes(store, sleep(1_000));
    const before = await queryTimes(store, sleep(Math.max(10, seconds) * 1_000));
    const started = performance.now();
    const cleared = clearAll(cleaning);
    const during = await queryTimes(store, cleared);
    const took = (performance.now() - started) / 1_000;
    return [row(before, during, `${(await cleared).toLocaleString('en')} rows in ${took.toFixed(0)} s`)];
  } finally {
    await Promise.all([signIns.destroy(), cleaning.destroy()]);
  }
}

/** As fast as one replica can. */
async function clearAll(database) {
  const rows = EXPIRING_TABLES['expired-oauth-state'];
  let total = 0;
  for (let deleted = -1; deleted !== 0; total += deleted) deleted = await deleteExpired(database, rows);
  return total;
}

async function addExpired(databaseUrl) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(
    `INSERT INTO identity.oauth_state (type, id, payload, uid, expires_at)
     SELECT 'Interaction', md5(n::text), $1, md5(n::text), now() - n * interval '1 millisecond'
     FROM generate_series(1, $2::integer) n`,
    [JSON.stringify(PAYLOAD), EXPIRED],
  );
  await client.query('ANALYZE identity.oauth_state');
  await client.end();
}

/** The times (ms) of all queries until `end` settles: a row is added, found, consumed and removed, as in a sign-in. */
async function queryTimes(store, end) {
  let isOver = false;
  const ended = Promise.resolve(end).finally(() => {
    isOver = true;
  });
  const taken = [];
  const timed = async (query) => {
    const started = performance.now();
    await query();
    taken.push(performance.now() - started);
  };
  const browser = async () => {
    while (!isOver) {
      const id = randomBytes(16).toString('hex');
      await timed(() => store.upsert('Interaction', id, { ...PAYLOAD, jti: id }, 600));
      await timed(() => store.find('Interaction', id));
      await timed(() => store.consume('Interaction', id));
      await timed(() => store.destroy('Interaction', id));
      await sleep(PAUSE_MS);
    }
  };
  await Promise.all([ended, ...Array.from({ length: BROWSERS }, browser)]);
  return taken.sort((a, b) => a - b);
}

const p99 = (sorted) => sorted[Math.floor(sorted.length * 0.99)];

function row(before, during, notes) {
  const ratio = p99(during) / p99(before);
  return {
    path: 'queries of sign-ins while a million expired rows are cleared, p99',
    limit: `${millis(p99(before))} before`,
    ours: millis(p99(during)),
    ratio: times(ratio),
    required: `≤ ${REQUIRED}`,
    notes: `${notes}, ${during.length.toLocaleString('en')} queries, slowest ${millis(during.at(-1))}`,
    isMet: ratio <= REQUIRED,
  };
}
