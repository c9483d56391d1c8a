import 'reflect-metadata';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createVerifier } from '@twinkey/verify';
import { createTestIssuers } from '@twinkey/verify/testing';
import { AppModule } from './app.module.js';

const issuers = createTestIssuers();
let app: INestApplication;
let url: string;

before(async () => {
  const verifier = createVerifier({ issuers: issuers.trusted });
  app = await NestFactory.create(AppModule.forRoot(verifier), { logger: false });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
after(() => app.close());

const get = (path: string, token?: string) =>
  fetch(`${url}${path}`, { headers: token ? { authorization: `Bearer ${token}` } : {} });

test('anybody can ask for the health', async () => {
  assert.equal((await get('/health')).status, 200);
});

test('users of both issuers can see who they are', async () => {
  const native = await get('/me', issuers.native.mintToken({ claims: { sub: 'ada' } }));
  assert.equal(((await native.json()) as { sub: string }).sub, 'ada');
  const keycloak = await get('/me', issuers.keycloak.mintToken({ claims: { sub: 'alice' } }));
  assert.equal(((await keycloak.json()) as { sub: string }).sub, 'alice');
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
