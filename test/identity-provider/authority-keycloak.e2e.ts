import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keycloakToken, signToken, testKey } from '#libs/verify/src/testing/tokens.js';
import type { Api } from '../support/api.js';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { answerKeys, type JwksServer, startJwksServer } from '../support/jwks-server.js';

const ISSUER = 'https://sso.example.com/realms/people';
const key = testKey('realm');

let jwks: JwksServer;
let idp: TestIdentityProvider;
beforeAll(async () => {
  jwks = await startJwksServer(answerKeys(key));
  idp = await startTestIdentityProvider({
    keycloak: {
      issuer: ISSUER,
      jwksUrl: jwks.url,
      audience: 'twinkey',
      roleMap: new Map([
        ['idp-admin', 'admin'],
        ['helpdesk', 'support'],
        ['auditor', 'audit'],
        ['ghost', 'nowhere'],
        ['temp', 'passing'],
      ]),
      url: 'https://sso.example.com',
      internalUrl: 'https://sso.example.com',
      realm: 'people',
    },
  });
  await idp.make.role(['accounts:read', 'accounts:update'], { name: 'support' });
  await idp.make.role(['roles:read'], { name: 'audit' });
});
afterAll(async () => {
  await idp.close();
  await jwks.close();
});

/** A Keycloak caller with these realm roles. */
function caller(realmRoles: string[], claims: Record<string, unknown> = {}): Api {
  const token = keycloakToken(ISSUER, 'twinkey', key.kid);
  return idp.api.as(
    signToken(
      {
        header: token.header,
        claims: { ...token.claims, realm_access: { roles: realmRoles }, ...claims },
      },
      key,
    ),
  );
}

describe("a Keycloak caller's rights", () => {
  it('are the union of the mapped roles only', async () => {
    const { data } = await caller(['helpdesk', 'auditor', 'ghost', 'admin', 'audit']).get('/auth/me');
    expect(data.roles).toEqual(['support', 'audit']);
    expect(data.permissions).toEqual(['accounts:read', 'accounts:update', 'roles:read']);
  });

  it('are empty without a mapped role, also for a realm role with the name of a Twinkey role', async () => {
    expect((await caller(['admin']).get('/accounts')).status).toBe(403);
    expect((await caller([], { role: 'admin', permissions: ['*'] }).get('/accounts')).status).toBe(403);
  });

  it('limit what they can grant and which accounts they can change', async () => {
    const helpdesk = caller(['helpdesk', 'auditor']);
    const [low, higher] = await Promise.all([idp.make.account(), idp.signIn(['users:read'])]);
    const audit = await idp.make.role(['roles:read']);
    const path = `/accounts/${low.id}`;
    expect((await helpdesk.patch(path, { role_id: audit.id })).status).toBe(200);
    const refused = await Promise.all([
      helpdesk.patch(path, { role_id: higher.account.roleId }),
      helpdesk.patch(`/accounts/${higher.account.id}`, { status: 'disabled' }),
    ]);
    for (const { status, errors } of refused) {
      expect([status, errors[0]?.split(' ')[1]]).toEqual([403, 'exceeds_own_permissions']);
    }
  });

  it('can be all permissions, even if no native account has them', async () => {
    const root = caller(['idp-admin']);
    const [role, account] = await Promise.all([idp.systemRole('admin'), idp.make.account()]);
    expect((await root.patch(`/accounts/${account.id}`, { role_id: role.id })).status).toBe(200);
    // Now a native account has all permissions and must keep them.
    const { id: role_id } = await idp.systemRole('user');
    expect(await root.patch(`/accounts/${account.id}`, { role_id })).toMatchObject({
      status: 409,
      errors: ['- last_admin'],
    });
  });

  it('are not those of a native account whose id equals their sub', async () => {
    const account = await idp.make.account();
    const namesake = caller(['helpdesk'], { sub: account.id });
    // This is not their own account, so they can disable it.
    expect((await namesake.patch(`/accounts/${account.id}`, { status: 'disabled' })).status).toBe(200);
    expect((await namesake.get('/accounts')).status).toBe(200);
  });

  it('follow a change of the role immediately', async () => {
    const [root, temp] = [caller(['idp-admin']), caller(['temp'])];
    expect((await temp.get('/roles')).status).toBe(403);
    const { id } = await idp.make.role(['roles:read'], { name: 'passing' });
    expect((await temp.get('/roles')).status).toBe(200);
    const { data } = await root.get(`/roles/${id}`);
    await root.delete(`/roles/${id}/permissions/${data.permissions[0].id}`);
    expect((await temp.get('/roles')).status).toBe(403);
    await root.patch(`/roles/${id}`, { name: unique('renamed') });
    expect((await temp.get('/auth/me')).data).toMatchObject({ roles: [], permissions: [] });
  });
});
