import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import bcrypt from 'bcrypt';
import { findFreePort } from '../dist/libs/core/free-port.js';
import { openCluster } from '../dist/libs/development/postgres/embedded-postgres.js';
import { startNode, startProgram } from './processes.mjs';
import { addPeople, isNative, personId, sessionId, username } from './sample-rows.mjs';
import { jwksOf, newKey, tokenOf } from './tokens.mjs';

/** Fast settings: this data does not have to survive a crash. */
const POSTGRES = { fsync: 'off', synchronous_commit: 'off', shared_buffers: '512MB', max_connections: '200' };
export const PASSWORD = 'a password of the bench';
export const BCRYPT_COST = 12;
const REALM = 'bench';

const nativeIssuer = { key: newKey('native'), iss: 'https://api.bench.test', aud: 'bench', typ: 'at+jwt' };
const keycloakIssuer = {
  key: newKey('keycloak'),
  iss: `https://keycloak.bench.test/realms/${REALM}`,
  aud: 'user-service',
  typ: 'JWT',
};

/** The nth person's token, of the issuer of their profile, or of the native one. */
export function tokenOfPerson(n, { native = isNative(n) } = {}) {
  const names = {
    email: username(n),
    preferred_username: username(n),
    given_name: `Given${n}`,
    family_name: `Family${n}`,
  };
  const claims = { sub: personId(n), sid: sessionId(n), ...names };
  return native
    ? tokenOf(nativeIssuer, { ...claims, role: 'user', permissions: [] })
    : tokenOf(keycloakIssuer, { ...claims, typ: 'Bearer', azp: 'spa', realm_access: { roles: ['user'] } });
}

/** Serves Keycloak's key set. */
async function startJwks() {
  const body = JSON.stringify(jwksOf(keycloakIssuer.key.kid, keycloakIssuer.key.publicKey));
  const server = createServer((_, response) =>
    response.setHeader('content-type', 'application/json').end(body),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

/**
 * Starts a separate Postgres in a temporary folder; starts both built apps in production mode and the limit server on
 * request.
 * @param {{ people: number, checkout?: string, postgres?: Record<string, string> }} options `checkout`: the folder whose
 *   build runs, instead of this one; `postgres`: more settings of postgresql.conf
 */
export async function startBenchmarkEnvironment({ people, checkout, postgres = {} }) {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-bench-'));
  const database = await openCluster(folder, { ...POSTGRES, ...postgres });
  const log = join(folder, 'requests.log');
  const env = { ...(await environment(database.url)), DATABASE_URL: database.url };
  await runTwinkey(['migrate'], env, checkout);
  await runTwinkey(['seed'], { ...env, ENVIRONMENT: 'test' }, checkout);
  const passwordHash = await bcrypt.hash(PASSWORD, BCRYPT_COST);
  await addPeople(database.url, { first: 1, last: people, passwordHash });
  return {
    databaseUrl: database.url,
    env,
    passwordHash,
    /** Both apps in one process. @param {{ args?: string[], everywhere?: boolean, extra?: object }} options */
    startTwinkey: async ({ args = [], everywhere, nodeArgs = [], extra = {} } = {}) => {
      const started = performance.now();
      const server = startNode([...nodeArgs, 'bin/twinkey.cjs', 'run', ...args], {
        env: { ...env, ...extra },
        log,
        everywhere,
        cwd: checkout,
      });
      await untilReady(env, server.child);
      return { ...server, startMs: performance.now() - started, ports: portsOf(env) };
    },
    /** @param {{ isBare?: boolean }} options `isBare`: six columns, and no log line */
    startLimitServer: ({ isBare = false } = {}) => {
      const issuers = [nativeIssuer, keycloakIssuer].map(({ iss, key }, index) => ({
        iss,
        pem: key.publicKey,
        name: index === 0 ? 'native' : 'keycloak',
      }));
      const settings = JSON.stringify({ databaseUrl: database.url, issuers, isBare });
      return startProgram('limit-server.mjs', { env: { LIMIT_SERVER: settings }, log });
    },
    close: async () => {
      await database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function environment(databaseUrl) {
  const [PORT, USER_SERVICE_PORT, USER_SERVICE_INTERNAL_PORT] = await freePorts(3);
  const base64 = (pem) => Buffer.from(pem).toString('base64');
  return {
    ENVIRONMENT: 'production',
    HOST: '127.0.0.1',
    PORT,
    USER_SERVICE_PORT,
    USER_SERVICE_INTERNAL_PORT,
    DATABASE_URL: databaseUrl,
    JWT_ISSUER: nativeIssuer.iss,
    JWT_AUDIENCE: nativeIssuer.aud,
    JWT_KID: nativeIssuer.key.kid,
    JWT_PRIVATE_KEY: base64(nativeIssuer.key.privateKey),
    JWT_PUBLIC_KEY: base64(nativeIssuer.key.publicKey),
    BCRYPT_COST: String(BCRYPT_COST),
    KEYCLOAK_URL: 'https://keycloak.bench.test',
    KEYCLOAK_INTERNAL_URL: await startJwks(),
    KEYCLOAK_REALM: REALM,
    KEYCLOAK_CLIENT_SECRET: 'a-secret-of-the-benchmark',
  };
}

async function freePorts(count) {
  const ports = new Set();
  while (ports.size < count) ports.add(String(await findFreePort({ host: '127.0.0.1' })));
  return [...ports];
}

const portsOf = (env) => ({
  identityProvider: Number(env.PORT),
  userService: Number(env.USER_SERVICE_PORT),
  internal: Number(env.USER_SERVICE_INTERNAL_PORT),
});

async function runTwinkey(args, env, cwd) {
  const { child } = startNode(['bin/twinkey.cjs', ...args], { env, cwd });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`twinkey ${args.join(' ')} ended with ${code}`);
}

/** Waits for the first 200 of both apps. */
async function untilReady(env, child) {
  const isUp = async (port, path) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    await answer?.arrayBuffer();
    return answer?.status === 200;
  };
  while (child.exitCode === null) {
    const up = await Promise.all([
      isUp(env.PORT, '/.well-known/jwks.json'),
      isUp(env.USER_SERVICE_INTERNAL_PORT, '/health/live'),
    ]);
    if (up.every(Boolean)) return;
    await sleep(10);
  }
  throw new Error(`twinkey run ended with ${child.exitCode}`);
}
