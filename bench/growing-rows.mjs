import { RefreshToken } from '../dist/apps/identity-provider/src/sessions/refresh-token.js';
import { personId, sql } from './sample-rows.mjs';

const bytes = (text) => `sha256(convert_to(${text}, 'UTF8'))`;
const person = (n) => `('00000000-0000-7000-8000-' || lpad(to_hex(${n}), 12, '0'))`;
const AGENT = `'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36'`;

/**
 * The tables that grow with use, beside those of `addPeople`, and SQL that adds `$1` rows as they look in operation.
 * @type {Record<string, { per: string, sql: string }>}
 */
const GROWING = {
  'identity.sessions': {
    per: 'sign-in, until it expires',
    sql: `INSERT INTO identity.sessions (id, account_id, expires_at, last_used_at, address, user_agent, refresh_family,
        refresh_secret, refresh_digest, previous_refresh_digest, refreshed_at)
      SELECT uuidv7(), ${person('1 + n % 10000')}::uuid, now() + interval '30 days', now(), '203.0.113.' || n % 255, ${AGENT},
        ${bytes(`'f' || n`)}, ${bytes(`'s' || n`)}, ${bytes(`'d' || n`)}, ${bytes(`'p' || n`)}, now()
      FROM generate_series(1, $1::integer) n`,
  },
  'identity.audit_events': {
    per: 'login, refused login or change, for 400 days',
    sql: `INSERT INTO identity.audit_events (id, action, outcome, actor_issuer, actor_sub, actor_name, target_type, target_id,
        client_id, session_id, address, user_agent, request_id, details)
      SELECT uuidv7(), 'session.started', 'success', 'native', sub, 'person' || n || '@example.com', 'session', session,
        'twinkey', session, '203.0.113.' || n % 255, ${AGENT}, uuidv7()::text,
        jsonb_build_object('account_id', sub, 'amr', '["pwd"]'::jsonb)
      FROM generate_series(1, $1::integer) n, LATERAL (SELECT ${person('1 + n % 10000')} AS sub, uuidv7()::text AS session) s`,
  },
  'identity.oauth_state': {
    per: 'sign-in in progress, code, OAuth refresh token',
    sql: `INSERT INTO identity.oauth_state (type, id, payload, uid, expires_at)
      SELECT 'Interaction', md5(n::text), jsonb_build_object('params', jsonb_build_object('state', repeat('x', 600),
        'scope', 'openid profile email'), 'kind', 'Interaction'), md5(n::text), now() + interval '10 minutes'
      FROM generate_series(1, $1::integer) n`,
  },
  'identity.login_throttles': {
    per: 'key of recent logins: three for each, for LOGIN_WINDOW_SECONDS',
    sql: `INSERT INTO identity.login_throttles (key, revision, failures, expires_at)
      SELECT ${bytes('n::text')}, 2, ARRAY[now()], now() + interval '15 minutes' FROM generate_series(1, $1::integer) n`,
  },
  'identity.revocations': {
    per: 'logout, until its tokens have expired',
    sql: `INSERT INTO identity.revocations (issuer, kind, id, expires_at)
      SELECT 'native', 'session', uuidv7()::text, now() + interval '15 minutes' FROM generate_series(1, $1::integer) n`,
  },
};
const OF_PEOPLE = {
  'identity.accounts': 'native account',
  'users.users': 'profile',
  'users.identities': 'profile',
};

/** @returns {Promise<Record<string, { heap: number, indexes: number }>>} the bytes of each growing table */
async function sizes(url) {
  const found = {};
  for (const name of [...Object.keys(OF_PEOPLE), ...Object.keys(GROWING)]) {
    const [{ heap, indexes }] = await sql(
      url,
      `SELECT sum(pg_table_size(relid))::float8 AS heap, sum(pg_indexes_size(relid))::float8 AS indexes
       FROM (SELECT $1::regclass AS relid UNION SELECT relid FROM pg_partition_tree($1)) parts`,
      [name],
    );
    found[name] = { heap, indexes };
  }
  return found;
}

/**
 * Measures what a row of each growing table needs on disk.
 * @param {{ first: number, last: number, add: () => Promise<void> }} people whose rows `add` inserts
 * @param {number} rows of each of the other tables
 * @returns {Promise<{ table: string, per: string, heap: number, indexes: number }[]>} bytes per row
 */
export async function rowSizes(url, people, rows) {
  const empty = await sizes(url);
  await people.add();
  const peopled = await sizes(url);
  for (const { sql: text } of Object.values(GROWING)) await sql(url, text, [rows]);
  await sql(url, 'VACUUM ANALYZE');
  const full = await sizes(url);
  const perRow = (table, per, from, to, count) => ({
    table,
    per,
    heap: (to[table].heap - from[table].heap) / count,
    indexes: (to[table].indexes - from[table].indexes) / count,
  });
  const added = people.last - people.first + 1;
  return [
    ...Object.entries(OF_PEOPLE).map(([table, per]) => perRow(table, per, empty, peopled, added)),
    ...Object.entries(GROWING).map(([table, { per }]) => perRow(table, per, peopled, full, rows)),
  ];
}

/** Adds sessions of the given people, and returns their refresh tokens. @param {number[]} people their numbers */
export async function addRefreshableSessions(url, people) {
  const secret = RefreshToken.newSecret();
  const tokens = people.map(() => RefreshToken.first(secret));
  await sql(
    url,
    `INSERT INTO identity.sessions (id, account_id, expires_at, address, user_agent, refresh_secret, refresh_family, refresh_digest)
     SELECT uuidv7(), account, now() + interval '30 days', '203.0.113.1', ${AGENT}, $1, family, digest
     FROM unnest($2::uuid[], $3::bytea[], $4::bytea[]) AS made (account, family, digest)`,
    [
      secret,
      people.map(personId),
      tokens.map(({ familyDigest }) => familyDigest),
      tokens.map(({ digest }) => digest),
    ],
  );
  return tokens.map(({ text }) => text);
}
