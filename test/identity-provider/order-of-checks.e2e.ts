import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '#libs/core/ids.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

let idp: TestIdentityProvider;
let unprivileged: string;
let reader: string;
let admin: string;

beforeAll(async () => {
  idp = await startTestIdentityProvider();
  const tokenOf = async (permissions: string[]) => (await idp.signIn(permissions)).api.token as string;
  [unprivileged, reader, admin] = await Promise.all([
    tokenOf([]),
    tokenOf(['accounts:read']),
    tokenOf(['*']),
  ]);
});
afterAll(() => idp?.close());

async function ask(
  method: string,
  path: string,
  token: string | null,
  body?: string,
  type = 'application/json',
) {
  const response = await fetch(idp.api.url + path, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': type }),
      'if-match': '"0-0"',
    },
    ...(body === undefined ? {} : { body }),
  });
  return response.status;
}

it('a missing permission is reported before a stale ETag', async () => {
  const mine = ['roles:update', 'permissions:update', 'accounts:update'];
  const { api } = await idp.signIn(mine);
  const [role, permission] = await Promise.all([idp.make.role(['more:rights']), idp.make.permission()]);
  const [row] = await idp.database.query(
    'SELECT permission_id FROM identity.role_permissions WHERE role_id = $1',
    [role.id],
  );
  const token = api.token as string;
  expect(await ask('PATCH', `/permissions/${permission.id}`, token, '{"name":"other:name"}')).toBe(403);
  expect(await ask('PATCH', `/roles/${role.id}`, token, '{"name":"x"}')).toBe(403);
  expect(await ask('DELETE', `/roles/${role.id}/permissions/${row.permission_id}`, token)).toBe(403);
  const { id } = await idp.make.account({ roleId: role.id });
  expect(await ask('PATCH', `/accounts/${id}`, token, '{"password":"long enough 7"}')).toBe(403);
});

/** A request with every fault; each test corrects the faults before the expected one. */
describe('the first fault of a request is reported:', () => {
  const missing = `/accounts/${newId()}`;

  it('an unreadable request', async () => {
    expect(await ask('PATCH', '/accounts/x?y=1', null, '{')).toBe(400);
    expect(await ask('PATCH', '/accounts/x?y=1', null, '{}', 'text/plain')).toBe(415);
    expect(await ask('PATCH', '/accounts/x?y=1', null, `"${'x'.repeat(110_000)}"`)).toBe(413);
  });

  it('an unauthenticated caller', async () => {
    expect(await ask('PATCH', '/accounts/x?y=1', null, '{"z":1}')).toBe(401);
    expect(await ask('PATCH', '/accounts/x?y=1', 'nonsense', '{"z":1}')).toBe(401);
  });

  it('a missing permission', async () => {
    expect(await ask('PATCH', '/accounts/x?y=1', unprivileged, '{"z":1}')).toBe(403);
    expect(await ask('PATCH', '/accounts/x?y=1', reader, '{"z":1}')).toBe(403);
  });

  it('an invalid id', async () => {
    for (const id of ['x', '0', newId().replace('-', ''), `${newId()}0`, `%20${newId()}`, "1'--", '%00']) {
      expect([id, await ask('PATCH', `/accounts/${id}?y=1`, admin, '{"z":1}')]).toEqual([id, 404]);
    }
  });

  it('invalid query and body, before an unknown resource', async () => {
    expect(await ask('PATCH', `${missing}?y=1`, admin, '{}')).toBe(422);
    expect(await ask('PATCH', missing, admin, '{"z":1}')).toBe(422);
    expect(await ask('PATCH', missing, admin, '{"status":"gone"}')).toBe(422);
  });

  it('an unknown resource', async () => {
    expect(await ask('PATCH', missing, admin, '{"first_name":"Ada"}')).toBe(404);
  });

  it('a stale ETag, before a conflict', async () => {
    const { account, api } = await idp.signIn(['*']);
    const own = api.token as string;
    expect(await ask('PATCH', `/accounts/${account.id}`, own, '{"status":"disabled"}')).toBe(412);
    expect(await ask('DELETE', `/accounts/${account.id}`, own)).toBe(412);
    expect((await api.delete(`/accounts/${account.id}`)).status).toBe(409);
  });

  it('an id in upper case is the same id', async () => {
    const { account } = await idp.signIn([]);
    expect(await ask('GET', `/accounts/${account.id.toUpperCase()}`, reader)).toBe(200);
  });
});

it('a forwarded client address is ignored if no proxy is trusted', async () => {
  const strict = await startTestIdentityProvider({
    login: { maxFailures: 100, maxFailuresPerAddress: 3, windowSeconds: 900 },
  });
  const login = async (index: number) => {
    const response = await fetch(`${strict.api.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': `198.51.100.${index}` },
      body: JSON.stringify({ email: `unprivileged-${index}@example.com`, password: 'wrong-password' }),
    });
    return response.status;
  };
  const statuses = [];
  for (let index = 1; index <= 5; index += 1) statuses.push(await login(index));
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  await strict.close();
});
