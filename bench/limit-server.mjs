/**
 * The most that this machine can do: plain node:http, RS256 through node:crypto for each request, one prepared SELECT
 * through pg, the response headers of the real apps, and one log line per request. It checks as little as possible:
 * use it for comparison only. With `isBare` it does even less than the apps have to: it selects six columns, and logs
 * nothing.
 *
 * The benchmark starts it with its settings in LIMIT_SERVER; it sends its port to the parent process.
 */
import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import pg from 'pg';
import { jwksOf } from './tokens.mjs';

const { databaseUrl, issuers, isBare } = JSON.parse(process.env.LIMIT_SERVER);
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
const keys = new Map(issuers.map(({ iss, pem, name }) => [iss, { name, key: createPublicKey(pem) }]));
const jwks = JSON.stringify(jwksOf('limit', issuers[0].pem));

const PROFILE_COLUMNS = isBare
  ? 'u.id, i.sub, i.username, i.first_name, i.last_name, u.status'
  : `u.id, i.issuer, i.sub, i.username, i.email, i.first_name, i.last_name, u.display_name, u.profile_picture, u.status,
     u.settings, u.created_at, u.updated_at`;
const ACCOUNT_COLUMNS = isBare
  ? 'a.id, a.email, a.first_name, a.last_name, a.status, a.role_id'
  : `a.id, a.email, a.first_name, a.last_name, a.status, a.role_id, a.created_at, a.updated_at,
     (SELECT version FROM identity.authority)::text AS version`;
const PROFILE = `SELECT ${PROFILE_COLUMNS}
  FROM users.identities i JOIN users.users u ON u.id = i.user_id`;

const find = async (name, text, values) => (await pool.query({ name, text, values })).rows[0];
const findProfile = (issuer, sub) =>
  find('by-identity', `${PROFILE} WHERE i.issuer = $1 AND i.sub = $2`, [issuer, sub]);
const findByUsername = (username) =>
  find('by-username', `${PROFILE} WHERE i.issuer = ANY($1::text[]) AND i.username_key = $2 LIMIT 1`, [
    ['keycloak', 'native'],
    username.toLowerCase(),
  ]);
const findAccount = (session, account) =>
  find(
    'session',
    `SELECT ${ACCOUNT_COLUMNS}
    FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id
    WHERE s.id = $1 AND a.id = $2 AND s.expires_at > now() AND a.status = 'active'`,
    [session, account],
  );

/** The token's claims, or null. */
function verifiedClaims({ authorization = '' }) {
  const token = authorization.slice('Bearer '.length);
  const [header, payload, signature] = token.split('.');
  if (signature === undefined) return null;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const issuer = keys.get(claims.iss);
  if (!issuer || claims.exp < Date.now() / 1000) return null;
  const signed = Buffer.from(`${header}.${payload}`);
  if (!verify('RSA-SHA256', signed, issuer.key, Buffer.from(signature, 'base64url'))) return null;
  return { ...claims, issuer: issuer.name };
}

async function respond(request) {
  const { url } = request;
  if (url === '/.well-known/jwks.json') return jwks;
  if (url.startsWith('/users/username/')) return envelope(await findByUsername(url.slice(16)));
  const claims = verifiedClaims(request.headers);
  if (claims === null) return null;
  if (url === '/users/me') return envelope(await findProfile(claims.issuer, claims.sub));
  return envelope(await findAccount(claims.sid, claims.sub));
}

const envelope = (data) =>
  data && JSON.stringify({ status: 'success', code: 200, message: 'OK', data, errors: null, meta: null });

const server = createServer(async (request, response) => {
  const start = performance.now();
  const body = await respond(request);
  const status = body ? 200 : 401;
  const text = body ?? '{}';
  const id = randomUUID();
  response.writeHead(status, {
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-request-id': id,
    'cache-control': 'no-store',
    vary: 'Origin',
    etag: '"1"',
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
  if (isBare) return;
  const common = { level: 'info', time: new Date().toISOString(), request_id: id, status };
  const details = { method: request.method, route: request.url, duration_ms: performance.now() - start };
  writeSync(1, `${JSON.stringify({ ...common, ...details })}\n`);
});
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
process.on('disconnect', () => process.exit());
