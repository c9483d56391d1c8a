import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestUserService, type TestUserService } from '../support/user-service.js';

/** Answers as a real identity-provider does not: in another form, or not at all. */
let answer: { status: number; body: string } | null;
/** The answer to requests other than `GET /auth/me`; by default the same. */
let comparison: { status: number; body: string } | undefined;
let server: Server;
let service: TestUserService;
beforeAll(async () => {
  server = createServer(({ url }, response) => {
    const given = url === '/api/v1/auth/me' ? answer : (comparison ?? answer);
    if (given) response.writeHead(given.status, { 'content-type': 'application/json' }).end(given.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  service = await startTestUserService({ identityProviderUrl: `http://127.0.0.1:${port}` });
});
afterAll(async () => {
  await service.close();
  server.closeAllConnections();
  server.close();
});

const envelope = (data: unknown) => JSON.stringify({ data, errors: null });

it.each([
  [200, envelope({})],
  [200, envelope(null)],
  [200, envelope({ roles: 'admin', permissions: '*' })],
  [200, envelope({ roles: [1], permissions: ['*'] })],
  [200, '<html>'],
  [200, ''],
  [302, ''],
  [403, envelope(null)],
  [404, '{}'],
  [422, '[]'],
  [429, '{}'],
  [500, '{}'],
])('an answer %i %s of identity-provider is 503 and grants nothing', async (status, body) => {
  answer = { status, body };
  const refused = await service.native().get('/users');
  expect([refused.status, refused.errors]).toEqual([503, ['- identity_provider_unavailable']]);
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
});

it.each([
  [200, '{"data":{"account":null},"errors":null}'],
  [403, '{"data":null,"errors":[]}'],
  [404, 'no JSON'],
  [500, '{}'],
])('an answer %i %s to a change of a name changes nothing', async (status, body) => {
  const ada = service.native();
  await ada.get('/users/me');
  answer = { status, body };
  const refused = await ada.put('/users/me', { first_name: 'Augusta', display_name: 'X' });
  expect(refused.status).toBe(503);
  expect((await ada.get('/users/me')).data).toMatchObject({ first_name: 'Ada', display_name: null });
});

const compared = (...accounts: unknown[]) => envelope({ accounts, realm_roles: [] });

it.each([
  [503, 200, envelope({})],
  [503, 200, envelope(null)],
  [503, 200, compared()],
  [503, 200, compared(null)],
  [503, 200, compared({ exceeds: false })],
  [503, 200, compared({ exceeds: 0, everything: 'no' })],
  [503, 200, compared({ exceeds: false, everything: false }, { exceeds: false, everything: false })],
  [503, 200, '<html>'],
  [503, 302, ''],
  [503, 404, '{}'],
  [503, 422, '{}'],
  [503, 429, '{}'],
  [503, 500, '{}'],
  [401, 401, '{}'],
  [403, 403, '{}'],
])(
  '%i, and nobody is suspended or deleted, where what they may do is answered %i %s',
  async (expected, status, body) => {
    const target = service.native();
    const { data } = await target.get('/users/me');
    answer = {
      status: 200,
      body: envelope({ roles: ['support'], permissions: ['users:update', 'users:delete'] }),
    };
    comparison = { status, body };
    const support = service.native();
    for (const refused of [
      await support.patch(`/users/${data.id}`, { status: 'suspended' }),
      await support.delete(`/users/${data.id}`),
    ]) {
      expect(refused.status).toBe(expected);
      if (expected === 503) expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    }
    expect((await target.get('/users/me')).data.status).toBe('active');
  },
);

it('an administrator can suspend users also while their rights are not available', async () => {
  const { data } = await service.native().get('/users/me');
  answer = { status: 200, body: envelope({ roles: ['admin'], permissions: ['*'] }) };
  comparison = { status: 500, body: '{}' };
  expect((await service.native().patch(`/users/${data.id}`, { status: 'suspended' })).status).toBe(200);
});

it('a name that the issuer stores in another form is 422, and the stored one is shown', async () => {
  const ada = service.native();
  await ada.get('/users/me');
  const account = { updated_at: new Date().toISOString() };
  answer = { status: 200, body: envelope({ first_name: 'Ada', last_name: null, account }) };
  const change = { first_name: ' Ada', last_name: 'Byron', display_name: 'X' };
  const { status, errors } = await ada.put('/users/me', change);
  expect([status, errors]).toEqual([422, ['last_name altered_by_issuer']]);
  expect((await ada.get('/users/me')).data).toMatchObject({ last_name: null, display_name: null });
});

it('a frozen identity-provider delays only routes that need a permission, and those for a limited time', async () => {
  answer = null;
  const ada = service.native();
  const started = performance.now();
  const stuck = ada.get('/users');
  expect((await ada.get('/users/me')).status).toBe(200);
  expect((await ada.put('/users/me', { display_name: 'X' })).status).toBe(200);
  expect((await stuck).status).toBe(503);
  expect(performance.now() - started).toBeLessThan(2_500);
});
