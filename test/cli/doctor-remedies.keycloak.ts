import { parse } from 'dotenv';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { PrivateAuthority } from '../support/certificates.js';
import { createRealm, keycloakEnv, type TestRealm } from '../support/keycloak.js';
import { type KeycloakProxy, startKeycloakProxy } from '../support/keycloak-proxy.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';
import { CliCheckout, type Variables } from './cli-checkout.js';

interface Check {
  name: string;
  status: string;
  message: string;
  remedy: string | null;
}

let checkout: CliCheckout;
let database: TestDatabase;
let realm: TestRealm;
let authority: PrivateAuthority;
let env: Variables;
const fronts: KeycloakProxy[] = [];
beforeAll(async () => {
  checkout = await CliCheckout.make();
  [database, realm, authority] = await Promise.all([
    createTestDatabase(),
    createRealm({ roles: { realm: [{ name: 'helpdesk people' }] } }),
    PrivateAuthority.make(),
  ]);
  const pair = parse((await checkout.twinkey(['keys', 'generate'])).stdout);
  env = { ...pair, DATABASE_URL: database.url, ...keycloakEnv(realm) };
});
afterAll(async () => {
  for (const front of fronts) await front.close();
  await authority.close();
  await realm.delete();
  await database.close();
  await checkout.close();
});

async function front(options: Parameters<typeof startKeycloakProxy>[1]): Promise<KeycloakProxy> {
  const started = await startKeycloakProxy(inject('keycloak').url, options);
  fronts.push(started);
  return started;
}

/** One check of Keycloak. */
async function check(name: string, overrides: Variables): Promise<Partial<Check>> {
  const { stdout } = await checkout.twinkey(['doctor', '--json'], { ...env, ...overrides });
  // A source file of OpenSSL helps nobody.
  expect(stdout).not.toMatch(/openssl|\.c:\d/);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  return checks.find((one) => one.name === `keycloak.${name}`) ?? {};
}

const reachable = (overrides: Variables) => check('reachable', overrides);

describe('below a path', () => {
  it('tells that Keycloak is under /auth, in the setting whose URL lacks it', async () => {
    const { origin } = await front({ path: '/auth' });
    expect(await reachable({ KEYCLOAK_INTERNAL_URL: origin })).toMatchObject({
      status: 'broken',
      remedy: expect.stringMatching(/KEYCLOAK_INTERNAL_URL must end in \/auth/),
    });
    expect(await reachable({ KEYCLOAK_URL: origin, KEYCLOAK_INTERNAL_URL: '' })).toMatchObject({
      remedy: expect.stringMatching(/KEYCLOAK_URL must end in \/auth/),
    });
    expect(await reachable({ KEYCLOAK_INTERNAL_URL: `${origin}/auth` })).toMatchObject({ status: 'ok' });
  });

  it('tells that it is not under the path of the URL', async () => {
    const { url } = inject('keycloak');
    expect(await reachable({ KEYCLOAK_INTERNAL_URL: `${url}/auth` })).toMatchObject({
      status: 'broken',
      remedy: expect.stringContaining(`KEYCLOAK_INTERNAL_URL to ${url}`),
    });
  });

  it('tells a realm that is not there from a server that is no Keycloak', async () => {
    expect(await reachable({ KEYCLOAK_REALM: 'nowhere' })).toMatchObject({
      status: 'broken',
      remedy: expect.stringContaining('KEYCLOAK_REALM'),
    });
    const { origin } = await front({ path: '/elsewhere' });
    expect(await reachable({ KEYCLOAK_INTERNAL_URL: origin })).toMatchObject({
      status: 'broken',
      remedy: expect.stringContaining('Correct KEYCLOAK_INTERNAL_URL'),
    });
  });
});

describe('https', () => {
  it('spoken to a port of http is told', async () => {
    const https = inject('keycloak').url.replace('http:', 'https:');
    expect(await reachable({ KEYCLOAK_INTERNAL_URL: https })).toMatchObject({
      status: 'broken',
      remedy: expect.stringMatching(/speaks http: .* begin with http:\/\//),
    });
  });

  it('wanted by a port that is spoken to in http is told', async () => {
    const { origin } = await front({ tls: authority.issue({ addresses: ['127.0.0.1'] }) });
    expect(await reachable({ KEYCLOAK_INTERNAL_URL: origin.replace('https:', 'http:') })).toMatchObject({
      status: 'broken',
      remedy: expect.stringMatching(/speaks https: .* begin with https:\/\//),
    });
  });

  it('behind a private CA is told, and works with NODE_EXTRA_CA_CERTS', async () => {
    const { origin } = await front({ tls: authority.issue({ addresses: ['127.0.0.1'] }) });
    expect(await reachable({ KEYCLOAK_INTERNAL_URL: origin })).toMatchObject({
      status: 'broken',
      remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
    const known = { KEYCLOAK_INTERNAL_URL: origin, NODE_EXTRA_CA_CERTS: authority.file };
    expect(await reachable(known)).toMatchObject({ status: 'ok' });
    expect(await check('rights', known)).toMatchObject({ status: 'ok' });
  });

  it('with a certificate for another name, or one that has expired, is told', async () => {
    const trusted = { NODE_EXTRA_CA_CERTS: authority.file };
    const other = await front({ tls: authority.issue({ dnsNames: ['id.example.com'] }) });
    expect(await reachable({ ...trusted, KEYCLOAK_INTERNAL_URL: other.origin })).toMatchObject({
      status: 'broken',
      remedy: expect.stringContaining('Change KEYCLOAK_INTERNAL_URL: its host'),
    });
    const expired = await front({ tls: authority.issue({ addresses: ['127.0.0.1'], days: -1 }) });
    expect(await reachable({ ...trusted, KEYCLOAK_INTERNAL_URL: expired.origin })).toMatchObject({
      status: 'broken',
      remedy: expect.stringContaining('Renew'),
    });
  });
});

describe('the roles of KEYCLOAK_ROLE_MAP', () => {
  it('are looked for in the realm, with the rights that the service has', async () => {
    const known = await check('realm-roles', {
      KEYCLOAK_ROLE_MAP: 'twinkey-admin=admin,helpdesk people=user',
    });
    expect(known).toMatchObject({ status: 'ok' });
    const unknown = await check('realm-roles', {
      KEYCLOAK_ROLE_MAP: 'twinkey-admin=admin,Twinkey-Admin=admin,nobodys=user',
    });
    expect(unknown).toMatchObject({
      status: 'warning',
      message: expect.stringMatching(/names Twinkey-Admin, nobodys, which realm/),
      remedy: expect.stringContaining('KEYCLOAK_ROLE_MAP'),
    });
  });

  it('count as well where the service itself holds them', async () => {
    const [account] = await realm.admin.users.find({ username: 'service-account-user-service', exact: true });
    await realm.assignRoles(String(account?.id), ['held by the service']);
    expect(await check('realm-roles', { KEYCLOAK_ROLE_MAP: 'held by the service=user' })).toMatchObject({
      status: 'ok',
    });
  });
});
