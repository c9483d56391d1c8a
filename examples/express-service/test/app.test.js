import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createVerifier } from '@twinkey/verify';
import { createTestIssuers } from '@twinkey/verify/testing';
import { createApp } from '../src/app.js';

const issuers = createTestIssuers();
const verifier = createVerifier({ issuers: issuers.trusted });
let server;

before(async () => {
  server = createApp(verifier).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
after(async () => {
  server.close();
  server.closeAllConnections();
  await verifier.close();
});

const get = (path, token) =>
  fetch(`http://127.0.0.1:${server.address().port}${path}`, {
    headers: token ? { authorization: `Bearer ${token}` } : {},
  });

test('anybody can ask for the health', async () => {
  assert.equal((await get('/health')).status, 200);
});

test('users of both issuers can see who they are', async () => {
  const native = await get('/me', issuers.native.mintToken({ claims: { sub: 'ada' } }));
  assert.equal((await native.json()).sub, 'ada');
  const keycloak = await get('/me', issuers.keycloak.mintToken({ claims: { sub: 'alice' } }));
  assert.equal((await keycloak.json()).sub, 'alice');
});

test('nobody can without a valid token', async () => {
  assert.equal((await get('/me')).headers.get('www-authenticate'), 'Bearer');
  const expired = await get('/me', issuers.native.mintToken({ claims: { exp: 1 } }));
  assert.equal(expired.status, 401);
  assert.equal(expired.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
});

test('reports are for users with the permission', async () => {
  const may = issuers.native.mintToken({ claims: { permissions: ['reports:read'] } });
  assert.equal((await get('/reports', may)).status, 200);
  assert.equal((await get('/reports', issuers.native.mintToken())).status, 403);
  assert.equal((await get('/reports', issuers.keycloak.mintToken())).status, 403);
});
