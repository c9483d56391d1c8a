import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, keycloak, type Verifier } from '../create-verifier.js';
import { createTestIssuers } from '../testing/test-issuers.js';
import { requirePermission, verifyPlugin } from './plugin.js';

const issuers = createTestIssuers();
const away = keycloak({ id: 'away', url: 'http://127.0.0.1:1', realm: 'away', audience: 'test' });
let verifier: Verifier;
let app: FastifyInstance;

beforeAll(async () => {
  verifier = createVerifier({ issuers: [...issuers.trusted, away] });
  app = Fastify();
  await app.register(verifyPlugin, { verifier });
  app.get('/health', { config: { public: true } }, async () => 'ok');
  app.get('/mine', async (request) => ({ sub: request.caller?.sub }));
  await app.register(async (scope) => {
    scope.get(
      '/reports',
      { onRequest: requirePermission('reports:read', 'reports:write') },
      async () => 'reports',
    );
  });
});
afterAll(() => app.close());

const call = (url: string, token?: string) =>
  app.inject({ url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

describe('the plugin', () => {
  it('closes every route that is not public', async () => {
    expect((await call('/health', 'nonsense')).statusCode).toBe(200);
    expect((await call('/reports')).statusCode).toBe(401);
    expect((await call('/unknown')).statusCode).toBe(404);
  });

  it('gives the caller of both issuers to the handler, each request its own', async () => {
    for (const { mintToken } of [issuers.native, issuers.keycloak]) {
      expect((await call('/mine', mintToken({ claims: { sub: 'ada' } }))).json()).toEqual({ sub: 'ada' });
    }
    expect((await call('/mine')).statusCode).toBe(401);
  });

  it('answers 401 with a challenge, and one body for every reason', async () => {
    const absent = await call('/mine');
    expect(absent.headers['www-authenticate']).toBe('Bearer');
    for (const token of ['nonsense', issuers.native.mintToken({ claims: { exp: 1 } }), 'a b']) {
      const answer = await call('/mine', token);
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(answer.body).toBe(absent.body);
    }
  });

  it('answers 503 with Retry-After while keys are not available', async () => {
    const token = issuers.keycloak.mintToken({ claims: { iss: 'http://127.0.0.1:1/realms/away' } });
    const answer = await call('/mine', token);
    expect(answer.statusCode).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it.each([
    [['reports:read'], 200],
    [['reports:write'], 200],
    [['*'], 200],
    [['reports:*'], 403],
    [[], 403],
  ])('answers a caller who holds %j with %d', async (permissions, status) => {
    expect((await call('/reports', issuers.native.mintToken({ claims: { permissions } }))).statusCode).toBe(
      status,
    );
  });

  it('closes its verifier with the server', async () => {
    const own = createVerifier({ issuers: issuers.trusted });
    const other = Fastify();
    await other.register(verifyPlugin, { verifier: own });
    await other.ready();
    await other.close();
    await expect(own.verify(issuers.native.mintToken())).rejects.toMatchObject({ code: 'closed' });
  });
});

it('requirePermission alone refuses every request', async () => {
  const open = Fastify();
  open.get('/reports', { onRequest: requirePermission('reports:read') }, async () => 'reports');
  expect((await open.inject('/reports')).statusCode).toBe(500);
  await open.close();
});
