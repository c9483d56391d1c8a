import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { metrics } from '#libs/observability/metrics.js';
import type { Api } from '../support/api.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

const TOKEN = 'a-token-for-the-feed';
const SLOW = { timeout: 15_000, interval: 20 };

let idp: TestIdentityProvider;
let proxy: TcpProxy;
let service: TestUserService;
beforeAll(async () => {
  idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
  proxy = await TcpProxy.start(idp.directUrl);
  const { issuer, audience, lifetimeSeconds, publicKeys } = idp.settings.signing;
  service = await startTestUserService({
    authorityFeedToken: TOKEN,
    identityProviderUrl: proxy.url,
    native: { issuer, audience, maxLifetimeSeconds: lifetimeSeconds, keys: publicKeys, jwksUrl: null },
  });
});
afterAll(async () => {
  await service?.close();
  await proxy?.close();
  await idp?.close();
});

/** Requests to identity-provider other than for the feed. */
const questions = () => proxy.requests.filter((line) => !line.includes('/authority')).length;

/** Once the feed is current, a route that needs a permission asks nothing. */
beforeEach(async () => {
  await proxy.set({ kind: 'pass' });
  const { api } = await signIn(['users:read']);
  await expect
    .poll(async () => {
      const before = questions();
      await api.get('/users');
      return questions() - before;
    }, SLOW)
    .toBe(0);
});

/** A caller of user-service. */
async function signIn(permissions: readonly string[]) {
  const { account, api } = await idp.signIn(permissions);
  return { account, idpApi: api, api: service.api.as(api.token as string) };
}

const status = async (api: Api, path: string) => (await api.get(path)).status;

describe('while the feed is fresh, user-service', () => {
  it('asks identity-provider for no permission', async () => {
    const reader = await signIn(['users:read']);
    const nobody = await signIn([]);
    const asked = async () => {
      const before = questions();
      expect(await status(reader.api, '/users')).toBe(200);
      expect(await status(nobody.api, '/users')).toBe(403);
      return questions() - before;
    };
    // Their roles are new: until the feed has told of them, identity-provider is asked.
    await expect.poll(asked, SLOW).toBe(0);
  });

  it('refuses an ended session on every route', async () => {
    const { api, idpApi } = await signIn(['users:read']);
    expect(await status(api, '/users/me')).toBe(200);
    await idpApi.post('/auth/logout');
    await expect.poll(() => status(api, '/users/me'), SLOW).toBe(401);
    expect(await status(api, '/users')).toBe(401);
    const text = await metrics.getSingleMetricAsString('twinkey_rejected_tokens_total');
    expect(text).toContain('reason="session_ended"');
  });

  it('refuses a disabled account and a withdrawn key', async () => {
    const { api, account } = await signIn([]);
    expect(await status(api, '/users/me')).toBe(200);
    await idp.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [account.id]);
    await expect.poll(() => status(api, '/users/me'), SLOW).toBe(401);
    const other = await signIn([]);
    const revoke = (call: string) =>
      idp.database.query(`SELECT identity.${call}`, [idp.settings.signing.kid]);
    await revoke(`revoke('native', 'key', $1, NULL, NULL)`);
    await expect.poll(() => status(other.api, '/users/me'), SLOW).toBe(401);
    await revoke(`remove_revocation('native', 'key', $1)`);
    await expect.poll(() => status(other.api, '/users/me'), SLOW).toBe(200);
  });

  it('grants and refuses by the permissions that a role has now', async () => {
    const { api, account } = await signIn([]);
    const admin = (await idp.signIn(['*'])).api;
    const permission = await idp.database.query(
      `SELECT id FROM identity.permissions WHERE name = 'users:read'`,
    );
    expect(await status(api, '/users')).toBe(403);
    await admin.post(`/roles/${account.roleId}/permissions`, { permission_ids: [permission[0].id] });
    await expect.poll(() => status(api, '/users'), SLOW).toBe(200);
    await admin.delete(`/roles/${account.roleId}/permissions/${permission[0].id}`);
    await expect.poll(() => status(api, '/users'), SLOW).toBe(403);
  });

  it('grants and refuses by the role that an account has now', async () => {
    const { api, account } = await signIn([]);
    const [reader, nobody] = [await idp.make.role(['users:read']), account.roleId];
    const assign = (role: string) =>
      idp.database.query('UPDATE identity.accounts SET role_id = $1 WHERE id = $2', [role, account.id]);
    await assign(reader.id);
    await expect.poll(() => status(api, '/users'), SLOW).toBe(200);
    await assign(nobody);
    await expect.poll(() => status(api, '/users'), SLOW).toBe(403);
  });
});

describe('while the feed is lost, user-service', () => {
  it('asks identity-provider for permissions, and refuses what it knows', async () => {
    const ended = await signIn([]);
    await ended.idpApi.post('/auth/logout');
    await expect.poll(() => status(ended.api, '/users/me'), SLOW).toBe(401);
    const reader = await signIn(['users:read']);
    // The feed cannot come back while other requests pass: its token is refused.
    const other = await startTestUserService({
      ...service.settings,
      authorityFeedToken: 'another-token',
    });
    try {
      const before = questions();
      expect(await status(other.api.as(reader.api.token as string), '/users')).toBe(200);
      expect(questions()).toBe(before + 1);
    } finally {
      await other.close();
    }
    await proxy.set({ kind: 'refuse' });
    await expect.poll(() => status(reader.api, '/users'), SLOW).toBe(503);
    expect(await status(reader.api, '/users/me')).toBe(200);
    expect(await status(ended.api, '/users/me')).toBe(401);
  });

  it('catches up with what happened meanwhile', async () => {
    const { api, idpApi } = await signIn([]);
    expect(await status(api, '/users/me')).toBe(200);
    await proxy.set({ kind: 'refuse' });
    await idpApi.post('/auth/logout');
    expect(await status(api, '/users/me')).toBe(200);
    await proxy.set({ kind: 'pass' });
    await expect.poll(() => status(api, '/users/me'), SLOW).toBe(401);
  });
});
