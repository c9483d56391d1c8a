import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unique } from '../support/factories.js';
import { startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';

let provider: TestOpenIdProvider;
let api: TestOpenIdProvider['api'];
beforeAll(async () => {
  provider = await startTestOpenIdProvider();
  ({ api } = await provider.signIn(['*']));
});
afterAll(() => provider?.close());

const publicClient = (overrides: object = {}) => ({
  client_id: unique('app'),
  name: 'App',
  type: 'public',
  redirect_uris: ['https://app.example.com/callback'],
  ...overrides,
});
const machine = (overrides: object = {}) => ({
  name: 'Job',
  type: 'confidential',
  grant_types: ['client_credentials'],
  ...overrides,
});

async function tokenFor(clientId: string, secret: string) {
  const response = await fetch(`${provider.issuer}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return { status: response.status, body: await response.json() };
}

describe('a client', () => {
  it('is created, read, changed, listed and deleted', async () => {
    const body = publicClient();
    const created = await api.post('/clients', body);
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`/api/v1/clients/${body.client_id}`);
    expect(created.data).toEqual({
      ...body,
      grant_types: ['authorization_code', 'refresh_token'],
      post_logout_redirect_uris: [],
      backchannel_logout_uri: null,
      first_party: false,
      role_id: null,
      status: 'active',
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    const path = `/clients/${body.client_id}`;
    const read = await api.get(path);
    expect(read.data).toEqual(created.data);
    expect((await api.get(path, { 'if-none-match': read.headers.get('etag') as string })).status).toBe(304);
    const changed = await api.patch(path, { name: 'New', first_party: true });
    expect(changed.data).toMatchObject({ name: 'New', first_party: true });
    const stale = await api.patch(path, { name: 'x' }, { 'if-match': read.headers.get('etag') as string });
    expect(stale.status).toBe(412);
    const list = await api.get('/clients?sort=client_id&limit=100');
    expect(list.data.map((each: { client_id: string }) => each.client_id)).toContain(body.client_id);
    expect((await api.delete(path)).status).toBe(200);
    expect((await api.get(path)).status).toBe(404);
  });

  it.each([
    [{ client_id: 'a b' }, 'client_id invalid_client_id'],
    [{ client_id: 'Twinkey' }, 'client_id invalid_client_id'],
    [{ client_id: 'Twinkey-Account' }, 'client_id invalid_client_id'],
    [{ client_id: '018f5c3e-7a10-7cc3-9a54-0c8a8d4f0001' }, 'client_id invalid_client_id'],
    [{ redirect_uris: [] }, 'redirect_uris required'],
    [{ redirect_uris: ['http://app.example.com/'] }, 'redirect_uris[0] invalid_uri'],
    [{ redirect_uris: ['http://localhost.evil.example/'] }, 'redirect_uris[0] invalid_uri'],
    [{ redirect_uris: ['javascript:alert(1)'] }, 'redirect_uris[0] invalid_uri'],
    [{ client_id: '.' }, 'client_id invalid_client_id'],
    [{ client_id: '..' }, 'client_id invalid_client_id'],
    [{ redirect_uris: ['https://a.example/#x'] }, 'redirect_uris[0] invalid_uri'],
    [{ redirect_uris: ['https://u:p@a.example/'] }, 'redirect_uris[0] invalid_uri'],
    [{ redirect_uris: ['https://*.a.example/'] }, 'redirect_uris[0] invalid_uri'],
    [{ redirect_uris: ['/callback'] }, 'redirect_uris[0] invalid_uri'],
    [{ grant_types: ['password'] }, 'grant_types[0] invalid_choice'],
    [
      { grant_types: ['authorization_code', 'client_credentials'] },
      'grant_types confidential_client_required',
    ],
    [{ backchannel_logout_uri: 'ftp://a.example/' }, 'backchannel_logout_uri invalid_uri'],
    [{ secret_hash: 'x' }, 'secret_hash unknown_field'],
  ])('is refused with %j', async (overrides, error) => {
    const { status, errors } = await api.post('/clients', publicClient(overrides));
    expect([status, errors]).toEqual([422, [error]]);
  });

  it('may use any loopback http address and a private scheme', async () => {
    const redirect_uris = ['http://127.0.0.1/cb', 'http://[::1]:8080/cb', 'com.example.app:/cb'];
    expect((await api.post('/clients', publicClient({ redirect_uris }))).status).toBe(201);
  });

  it('has an id that no other client has, in any case', async () => {
    const body = publicClient();
    await api.post('/clients', body);
    const same = await api.post('/clients', body);
    expect([same.status, same.errors]).toEqual([409, ['client_id client_id_taken']]);
    const other = await api.post('/clients', { ...body, client_id: body.client_id.toUpperCase() });
    expect([other.status, other.errors]).toEqual([422, ['client_id invalid_client_id']]);
  });

  it('is found by the beginning of its id or its name, in any case', async () => {
    const { data } = await api.post('/clients', publicClient({ name: 'Übungs%laden' }));
    const found = async (q: string) => {
      const list = await api.get(`/clients?limit=100&q=${encodeURIComponent(q)}`);
      expect(list.status).toBe(200);
      return list.data.some((each: { client_id: string }) => each.client_id === data.client_id);
    };
    for (const q of [data.client_id.slice(0, -1).toUpperCase(), 'Übungs%', 'übUNGS'])
      expect(await found(q), q).toBe(true);
    for (const q of ['bungs', 'Üb%laden', '%', `${data.client_id}x`]) expect(await found(q), q).toBe(false);
  });

  it('shows its secret once, and the one before works until 24 hours later', async () => {
    const created = await api.post('/clients', machine());
    const { client_id, client_secret: first } = created.data;
    expect(first).toMatch(/^[\w-]{43}$/);
    expect((await api.get(`/clients/${client_id}`)).data).not.toHaveProperty('client_secret');
    const [row] = await provider.database.query(
      'SELECT secret_hash FROM identity.oauth_clients WHERE client_id = $1',
      [client_id],
    );
    expect(row.secret_hash.toString()).not.toContain(first);

    const { client_secret: second } = (await api.post(`/clients/${client_id}/secret`)).data;
    expect((await tokenFor(client_id, first)).status).toBe(200);
    expect((await tokenFor(client_id, second)).status).toBe(200);
    await provider.database.query(
      "UPDATE identity.oauth_clients SET previous_secret_expires_at = now() - interval '1 second' WHERE client_id = $1",
      [client_id],
    );
    expect(await tokenFor(client_id, first)).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    expect((await tokenFor(client_id, second)).status).toBe(200);
  });

  it('has no secret if it is public', async () => {
    const body = publicClient();
    const created = await api.post('/clients', body);
    expect(created.data).not.toHaveProperty('client_secret');
    const renewed = await api.post(`/clients/${body.client_id}/secret`);
    expect([renewed.status, renewed.errors]).toEqual([409, ['- public_client']]);
  });
});

describe('nobody', () => {
  it('makes, changes or deletes a client above themselves', async () => {
    const { api: maker } = await provider.signIn(['clients:create', 'clients:update', 'clients:delete']);
    const above = await provider.make.role(['things:read']);
    const refused = await maker.post('/clients', machine({ role_id: above.id }));
    expect([refused.status, refused.errors]).toEqual([403, ['role_id exceeds_own_permissions']]);
    const { client_id } = (await api.post('/clients', machine({ role_id: above.id }))).data;
    for (const answer of [
      await maker.patch(`/clients/${client_id}`, { name: 'x' }),
      await maker.post(`/clients/${client_id}/secret`),
      await maker.delete(`/clients/${client_id}`),
    ]) {
      expect([answer.status, answer.errors]).toEqual([403, ['- exceeds_own_permissions']]);
    }
  });

  it('deletes a role that a client has', async () => {
    const role = await provider.make.role([]);
    await api.post('/clients', machine({ role_id: role.id }));
    const { status, errors } = await api.delete(`/roles/${role.id}`);
    expect([status, errors]).toEqual([409, ['- role_in_use']]);
  });
});

it('the pages of public clients may call the API', async () => {
  const origin = `https://${unique('app')}.example.com`;
  const ask = async () => {
    const response = await fetch(`${provider.issuer}/oauth/token`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    return response.headers.get('access-control-allow-origin');
  };
  expect(await ask()).toBeNull();
  await api.post('/clients', publicClient({ redirect_uris: [`${origin}/callback`] }));
  await expect.poll(ask, { timeout: 8_000, interval: 500 }).toBe(origin);
});
