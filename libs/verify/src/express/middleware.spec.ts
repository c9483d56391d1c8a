import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, keycloak, type Verifier } from '../create-verifier.js';
import { createTestIssuers } from '../testing/test-issuers.js';
import { requirePermission, requireToken } from './middleware.js';

const issuers = createTestIssuers();
const away = keycloak({ id: 'away', url: 'http://127.0.0.1:1', realm: 'away', audience: 'test' });
let verifier: Verifier;
let server: Server;

beforeAll(async () => {
  verifier = createVerifier({ issuers: [...issuers.trusted, away] });
  const app = express();
  app.get('/health', (_request, response) => void response.send('ok'));
  app.get('/early', requirePermission('reports:read'), (_request, response) => void response.send('never'));
  app.use(requireToken(verifier));
  app.get('/mine', (request, response) => void response.json({ sub: request.caller?.sub }));
  app.get(
    '/reports',
    requirePermission('reports:read', 'reports:write'),
    (_request, response) => void response.json([]),
  );
  const failed: express.ErrorRequestHandler = (_error, _request, response, _next) => {
    response.status(500).end();
  };
  app.use(failed);
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await verifier.close();
  server.close();
});

async function call(path: string, token?: string) {
  const { port } = server.address() as AddressInfo;
  const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

describe('the middleware', () => {
  it('closes every route below it', async () => {
    expect((await call('/health', 'nonsense')).status).toBe(200);
    expect((await call('/mine')).status).toBe(401);
    expect((await call('/reports')).status).toBe(401);
  });

  it('gives the caller of both issuers to the handler', async () => {
    for (const { mintToken } of [issuers.native, issuers.keycloak]) {
      const { body } = await call('/mine', mintToken({ claims: { sub: 'ada' } }));
      expect(JSON.parse(body)).toEqual({ sub: 'ada' });
    }
  });

  it('answers 401 with a challenge, and one body for every reason', async () => {
    const absent = await call('/mine');
    expect(absent.headers.get('www-authenticate')).toBe('Bearer');
    for (const token of ['nonsense', issuers.native.mintToken({ claims: { exp: 1 } }), 'a b']) {
      const answer = await call('/mine', token);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(answer.body).toBe(absent.body);
    }
  });

  it('answers 503 with Retry-After while keys are not available', async () => {
    const token = issuers.keycloak.mintToken({ claims: { iss: 'http://127.0.0.1:1/realms/away' } });
    const answer = await call('/mine', token);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it.each([
    [['reports:read'], 200],
    [['reports:write'], 200],
    [['*'], 200],
    [['reports:*'], 403],
    [[], 403],
  ])('answers a caller who holds %j with %d', async (permissions, status) => {
    expect((await call('/reports', issuers.native.mintToken({ claims: { permissions } }))).status).toBe(
      status,
    );
  });

  it('refuses a route that needs a permission above the middleware', async () => {
    expect((await call('/early', issuers.native.mintToken())).status).toBe(500);
  });
});
