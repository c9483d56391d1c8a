import { verify } from 'node:crypto';
import bcrypt from 'bcrypt';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { JwksClient } from 'jwks-rsa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { metrics } from '#libs/observability/metrics.js';
import { testKey } from '#libs/verify/src/testing/tokens.js';
import { type CapturedLog, captureLog } from '../support/captured-log.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { readToken } from '../support/keycloak-tokens.js';
import { findPyJwt, verifyWithPyJwt } from '../support/py-jwt.js';

const own = testKey('2026-11');
const previous = testKey('2026-05');
const python = await findPyJwt();

let log: CapturedLog;
let idp: TestIdentityProvider;
let root: string;
let token: string;

beforeAll(async () => {
  log = await captureLog();
  const settings = {
    signing: {
      issuer: 'https://id.example.com',
      audience: 'https://api.example.com',
      lifetimeSeconds: 3_600,
      kid: own.kid,
      privateKey: own.privateKey,
      publicKeys: [own, previous],
    },
  };
  idp = await startTestIdentityProvider(settings, log.logger);
  root = idp.api.url.replace('/api/v1', '');
  const { email } = await idp.make.account({ passwordHash: await bcrypt.hash('securepass123', 10) });
  token = (await idp.api.post('/auth/login', { email, password: 'securepass123' })).data.token;
});
afterAll(() => idp?.close());

const PATHS = ['/.well-known/jwks.json', '/api/v1/auth/jwks'];

describe('the published keys', () => {
  const KEYS = [own, previous].map(({ jwk }) => jwk);

  it('are public keys with exactly six members, the signing key first', async () => {
    const response = await fetch(root + PATHS[0]);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const set = (await response.json()) as { keys: object[] };
    expect(set).toEqual({ keys: KEYS });
    for (const key of set.keys)
      expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  it('are in the envelope as data, and at the top level for standard clients', async () => {
    const body = await (await fetch(root + PATHS[1])).json();
    expect(body).toEqual({
      status: 'success',
      code: 200,
      message: expect.any(String),
      data: { keys: KEYS },
      errors: null,
      meta: null,
      keys: KEYS,
    });
  });

  // A plain request is answered before Fastify begins, one with a request id by the handler.
  it.each(PATHS)('are the same answer with the same log line, prepared or not: %s', async (path) => {
    const answerTo = async (headers: Record<string, string>) => {
      const response = await fetch(root + path, { headers });
      const { date, 'x-request-id': id, ...others } = Object.fromEntries(response.headers);
      const line = await vi.waitUntil(() => log.lines().find((each) => each['request_id'] === id));
      const { time, duration_ms, request_id, ...logged } = line;
      expect([date, time, duration_ms].map((each) => typeof each)).toEqual(['string', 'string', 'number']);
      return { status: response.status, body: await response.text(), headers: others, logged };
    };
    const before = await requestsTo(path);
    expect(await answerTo({})).toEqual(await answerTo({ 'x-request-id': `given${path.length}` }));
    await vi.waitFor(async () => expect(await requestsTo(path)).toBe(before + 2));
    for (const origin of ['http://localhost:5173', 'https://elsewhere.example']) {
      const { headers } = await fetch(root + path, { headers: { origin } });
      expect(headers.get('vary')).toContain('Origin');
    }
  });

  /** How many requests of a path the metrics count. */
  const requestsTo = async (path: string): Promise<number> => {
    const { values } = (await metrics.getSingleMetric('twinkey_http_request_duration_seconds')?.get()) ?? {
      values: [],
    };
    const counted = values.filter(
      (each) =>
        each.labels['route'] === path &&
        (each as { metricName?: string }).metricName === 'twinkey_http_request_duration_seconds_count',
    );
    return counted.reduce((sum, { value }) => sum + value, 0);
  };

  it.each(PATHS)('can be cached for one minute: %s', async (path) => {
    const first = await fetch(root + path, { headers: { authorization: 'Bearer nonsense' } });
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'public, max-age=60']);
    expect(first.headers.get('x-content-type-options')).toBe('nosniff');
    const etag = first.headers.get('etag') as string;
    expect(etag).toMatch(/^"[\w-]+"$/);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await fetch(root + path, { headers: { 'if-none-match': tag } });
      expect([tag, again.status, await again.text(), again.headers.get('etag')]).toEqual([
        tag,
        304,
        '',
        etag,
      ]);
      expect(again.headers.get('cache-control')).toBe('public, max-age=60');
    }
    expect((await fetch(root + path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    const head = await fetch(root + path, { method: 'HEAD' });
    expect([head.status, await head.text(), head.headers.get('etag')]).toEqual([200, '', etag]);
  });

  // A HEAD request is answered by the handler, a plain GET request without it.
  it.each(PATHS)('have the same headers with and without the handler: %s', async (path) => {
    const headersOf = async (method: string) => {
      const origin = 'https://app.example.com';
      const response = await fetch(root + path, { method, headers: { origin, 'x-request-id': 'mine' } });
      await response.text();
      // fetch closes the connection of a HEAD request.
      const varying = ['date', 'connection', 'keep-alive'];
      return Object.fromEntries([...response.headers].filter(([name]) => !varying.includes(name)));
    };
    const prepared = await headersOf('GET');
    expect(prepared).toEqual(await headersOf('HEAD'));
    expect(prepared).toMatchObject({
      'x-request-id': 'mine',
      'content-type': 'application/json; charset=utf-8',
    });
    expect((await fetch(`${root}${path}?page=2`)).status).toBe(422);
    expect((await fetch(root + path, { method: 'POST' })).status).toBe(405);
  });

  it('have an ETag that depends only on the keys', async () => {
    const other = await startTestIdentityProvider();
    const etags = await Promise.all(
      [root, other.api.url.replace('/api/v1', '')].map(async (url) =>
        (await fetch(url + PATHS[0])).headers.get('etag'),
      ),
    );
    await other.close();
    expect(etags[0]).not.toBe(etags[1]);
  });

  it('are at the discovery URL under the issuer, regardless of the Host header', async () => {
    const response = await fetch(`${root}/.well-known/openid-configuration`, {
      headers: { 'x-forwarded-host': 'evil.example.com', 'x-forwarded-proto': 'http' },
    });
    expect(response.headers.get('cache-control')).toBe('public, max-age=60');
    expect(await response.json()).toMatchObject({
      issuer: 'https://id.example.com',
      jwks_uri: 'https://id.example.com/.well-known/jwks.json',
      id_token_signing_alg_values_supported: ['RS256'],
      subject_types_supported: ['public'],
    });
  });

  it.each([
    '/.well-known',
    '/.well-known/',
    '/.well-known/keys',
    '/auth/jwks',
    '/api/v1/.well-known/jwks.json',
  ])('are not served at %s', async (path) => {
    expect((await fetch(root + path)).status).toBe(404);
  });
});

describe.each(PATHS)('a token of a login verifies with the keys of %s:', (path) => {
  const issuer = 'https://id.example.com';
  const audience = 'https://api.example.com';
  const forged = () => `${token.split('.').slice(0, 2).join('.')}.${own.jwk['n']}`;

  it('jose', async () => {
    const keys = createRemoteJWKSet(new URL(root + path));
    const { payload } = await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt' });
    expect(payload).toEqual(readToken(token)[1]);
    await expect(jwtVerify(forged(), keys)).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  it('jwks-rsa', async () => {
    const client = new JwksClient({ jwksUri: root + path });
    const key = (await client.getSigningKey(own.kid)).getPublicKey();
    const verifies = (jwt: string) => {
      const [header, payload, signature] = jwt.split('.');
      return verify(
        'sha256',
        Buffer.from(`${header}.${payload}`),
        key,
        Buffer.from(signature ?? '', 'base64url'),
      );
    };
    expect([verifies(token), verifies(forged())]).toEqual([true, false]);
    expect((await client.getSigningKeys()).map(({ kid }) => kid)).toEqual([own.kid, previous.kid]);
  });

  it.skipIf(python === null)('PyJWT', async () => {
    const given = { url: root + path, issuer, audience };
    expect(await verifyWithPyJwt(python as string, { ...given, token })).toEqual(readToken(token)[1]);
    await expect(verifyWithPyJwt(python as string, { ...given, token: forged() })).rejects.toThrow(
      'Signature verification failed',
    );
  });
});
