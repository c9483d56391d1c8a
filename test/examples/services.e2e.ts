import { readFileSync } from 'node:fs';
import { hash } from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { ROOT } from '../support/packed-package.js';
import { tampered } from '../verifiers/tampered-token.js';
import { InstalledServices, SERVICE_NAMES, type ServiceVariables } from './installed-services.js';

const PASSWORD = 'securepass123';
const FEED_TOKEN = 'a-token-for-the-feed';
const SLOW = { timeout: 15_000, interval: 50 };

interface Person {
  id: string;
  roleId: string;
  email: string;
  token: string;
}

let installed: InstalledServices;
let services: BothServices;
let variables: ServiceVariables;
let feeds: Partial<ServiceVariables>;
let reader: Person;
let other: Person;

/** A new account that signs in as users do. */
async function person(...permissions: string[]): Promise<Person> {
  const { api, make } = services.idp;
  const role = await make.role(permissions);
  const account = await make.account({ roleId: role.id, passwordHash: await hash(PASSWORD, 10) });
  const { id, email } = account;
  const { data } = await api.post<{ token: string }>('/auth/login', { email, password: PASSWORD });
  return { id, roleId: role.id, email, token: data.token };
}

beforeAll(async () => {
  [installed, services] = await Promise.all([
    InstalledServices.install(),
    startBothServices({ authorityFeedToken: FEED_TOKEN }),
  ]);
  const { issuer, audience } = services.idp.settings.signing;
  variables = {
    TWINKEY_ISSUER: issuer,
    TWINKEY_AUDIENCE: audience,
    TWINKEY_JWKS_URL: services.idp.api.url.replace('/api/v1', '/.well-known/jwks.json'),
  };
  feeds = {
    TWINKEY_FEED_URL: `${services.idp.api.url}/authority`,
    TWINKEY_USERS_FEED_URL: `${services.service.internal.url}/authority`,
    TWINKEY_FEED_TOKEN: FEED_TOKEN,
  };
  [reader, other] = await Promise.all([person('reports:read'), person()]);
}, 300_000);
afterAll(async () => {
  await services?.close();
  await installed?.close();
});

describe.each(SERVICE_NAMES)('%s', { timeout: 180_000 }, (name) => {
  it('passes its own tests', async () => {
    expect(await installed.test(name)).toMatch(/pass 4\n.*fail 0/);
  });

  it('accepts the tokens of a running identity-provider, as user-service does', async () => {
    const service = await installed.start(name, variables);
    try {
      for (const { id, email, token } of [reader, other]) {
        expect((await services.service.api.as(token).get('/users/me')).status).toBe(200);
        expect(await service.get('/me', token)).toMatchObject({
          status: 200,
          body: { issuer: 'native', sub: id, username: email },
        });
      }
      expect((await service.get('/reports', reader.token)).status).toBe(200);
      expect((await service.get('/reports', other.token)).status).toBe(403);
      expect(await service.get('/me')).toMatchObject({ status: 401, challenge: 'Bearer' });
      expect(await service.get('/me', tampered(reader.token))).toMatchObject({
        status: 401,
        challenge: 'Bearer error="invalid_token"',
      });
    } finally {
      await service.close();
    }
  });

  it('grants and refuses what changes at Twinkey while it runs', async () => {
    const service = await installed.start(name, { ...variables, ...feeds });
    const [worker, suspended] = [await person(), await person('reports:read')];
    const statusOf = async (path: string, token: string) => (await service.get(path, token)).status;
    try {
      const { api: admin } = await services.idp.signIn(['*']);
      const [permission] = await services.idp.database.query(
        `SELECT id FROM identity.permissions WHERE name = 'reports:read'`,
      );
      expect(await statusOf('/reports', worker.token)).toBe(403);
      await admin.post(`/roles/${worker.roleId}/permissions`, { permission_ids: [permission.id] });
      await expect.poll(() => statusOf('/reports', worker.token), SLOW).toBe(200);
      await admin.delete(`/roles/${worker.roleId}/permissions/${permission.id}`);
      await expect.poll(() => statusOf('/reports', worker.token), SLOW).toBe(403);

      const { data: profile } = await services.service.api.as(suspended.token).get('/users/me');
      expect(await statusOf('/me', suspended.token)).toBe(200);
      const users = services.service.api.as(admin.token as string);
      expect((await users.patch(`/users/${profile.id}`, { status: 'suspended' })).status).toBe(200);
      await expect.poll(() => statusOf('/me', suspended.token), SLOW).toBe(401);

      expect(await statusOf('/me', worker.token)).toBe(200);
      await services.idp.api.as(worker.token).post('/auth/logout');
      await expect.poll(() => statusOf('/me', worker.token), SLOW).toBe(401);
    } finally {
      await service.close();
    }
  });

  it.each([
    ['audience', { TWINKEY_AUDIENCE: 'another-service' }],
    ['issuer', { TWINKEY_ISSUER: 'https://another-issuer.example.com' }],
  ])('refuses tokens of another %s', async (_, change) => {
    const service = await installed.start(name, { ...variables, ...change });
    try {
      expect((await service.get('/me', reader.token)).status).toBe(401);
    } finally {
      await service.close();
    }
  });

  it('installs the package of this version, and frameworks in the versions of this checkout', () => {
    const read = (path: string) => JSON.parse(readFileSync(`${ROOT}/${path}/package.json`, 'utf8'));
    const { dependencies } = read(`examples/${name}`) as { dependencies: Record<string, string> };
    const { '@twinkey/verify': tarball, ...others } = dependencies;
    expect(tarball).toBe(`file:../twinkey-verify-${read('libs/verify').version}.tgz`);
    for (const [other, version] of Object.entries(others)) {
      // The checkout has Nest without Express.
      const known = other === '@nestjs/platform-express' ? '@nestjs/core' : other;
      expect(version, other).toBe(read(`node_modules/${known}`).version);
    }
  });
});
