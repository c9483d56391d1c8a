import { readFileSync } from 'node:fs';
import { hash } from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { ROOT } from '../support/packed-package.js';
import { tampered } from '../verifiers/tampered-token.js';
import { InstalledServices, SERVICE_NAMES, type ServiceVariables } from './installed-services.js';

const PASSWORD = 'securepass123';

interface Person {
  id: string;
  email: string;
  token: string;
}

let installed: InstalledServices;
let services: BothServices;
let variables: ServiceVariables;
let reader: Person;
let other: Person;

/** A new account that signs in as users do. */
async function person(...permissions: string[]): Promise<Person> {
  const { api, make } = services.idp;
  const role = await make.role(permissions);
  const account = await make.account({ roleId: role.id, passwordHash: await hash(PASSWORD, 10) });
  const { id, email } = account;
  const { data } = await api.post<{ token: string }>('/auth/login', { email, password: PASSWORD });
  return { id, email, token: data.token };
}

beforeAll(async () => {
  [installed, services] = await Promise.all([InstalledServices.install(), startBothServices()]);
  const { issuer, audience } = services.idp.settings.signing;
  variables = {
    TWINKEY_ISSUER: issuer,
    TWINKEY_AUDIENCE: audience,
    TWINKEY_JWKS_URL: services.idp.api.url.replace('/api/v1', '/.well-known/jwks.json'),
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
