import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createVerifier } from '@twinkey/verify';
import { createTestIssuers } from '@twinkey/verify/testing';
import { createApp } from '../src/app.js';

const issuers = createTestIssuers();
let app;

before(async () => {
  app = await createApp(createVerifier({ issuers: issuers.trusted }));
});
after(() => app.close());

const get = (url, token) => app.inject({ url, headers: token ? { authorization: `Bearer ${token}` } : {} });

test('anybody can ask for the health', async () => {
  assert.equal((await get('/health')).statusCode, 200);
});

test('users of both issuers can see who they are', async () => {
  const native = await get('/me', issuers.native.mintToken({ claims: { sub: 'ada' } }));
  assert.equal(native.json().sub, 'ada');
  const keycloak = await get('/me', issuers.keycloak.mintToken({ claims: { sub: 'alice' } }));
  assert.equal(keycloak.json().sub, 'alice');
});

test('nobody can without a valid token', async () => {
  assert.equal((await get('/me')).headers['www-authenticate'], 'Bearer');
  const expired = await get('/me', issuers.native.mintToken({ claims: { exp: 1 } }));
  assert.equal(expired.statusCode, 401);
  assert.equal(expired.headers['www-authenticate'], 'Bearer error="invalid_token"');
});

test('reports are for users with the permission', async () => {
  const may = issuers.native.mintToken({ claims: { permissions: ['reports:read'] } });
  assert.equal((await get('/reports', may)).statusCode, 200);
  assert.equal((await get('/reports', issuers.native.mintToken())).statusCode, 403);
  assert.equal((await get('/reports', issuers.keycloak.mintToken())).statusCode, 403);
});
