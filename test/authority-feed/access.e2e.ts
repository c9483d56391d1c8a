import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '../support/api.js';
import { type BothServices, startBothServices } from '../support/both-services.js';
import { FeedClient } from '../support/feed-client.js';
import { startTestIdentityProvider } from '../support/identity-provider.js';
import { startTestUserService } from '../support/user-service.js';

const TOKEN = 'a-token-for-the-feed';
const INTERNAL_TOKEN = 'a-token-for-the-rest';
const JSON_TYPE = { accept: 'application/json' };

let services: BothServices;
beforeAll(async () => {
  const idp = await startTestIdentityProvider({ authorityFeedToken: TOKEN });
  const settings = { authorityFeedToken: TOKEN, internalApiToken: INTERNAL_TOKEN };
  services = await startBothServices(settings, 10, idp);
});
afterAll(() => services?.close());

const apis = {
  'identity-provider': () => services.idp.api,
  'user-service, internal': () => services.service.internal,
};

/** The status, and the error code where there is one. */
async function answer(api: Api, headers: Record<string, string> = JSON_TYPE) {
  const { status, errors } = await api.get('/authority', headers);
  return [status, ...errors].join(' ');
}

/** The status and the content type of a response whose body is not read. */
function head(url: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) => {
      resolve(`${response.statusCode} ${response.headers['content-type']}`);
      response.destroy();
    }).once('error', reject);
  });
}

describe.each(['identity-provider', 'user-service, internal'] as const)('the feed of %s', (app) => {
  it('is refused without credentials, and with other ones', async () => {
    const api = apis[app]();
    expect(await answer(api)).toBe('401 - unauthorized');
    for (const token of ['nonsense', INTERNAL_TOKEN, `${TOKEN}x`, TOKEN.slice(0, -1), TOKEN.toUpperCase()]) {
      expect([token, await answer(api.as(token))]).toEqual([token, '401 - unauthorized']);
    }
    const basic = `Basic ${Buffer.from(`x:${TOKEN}`).toString('base64')}`;
    expect(await answer(api, { ...JSON_TYPE, authorization: basic })).toBe('401 - unauthorized');
    const { headers } = await api.as('nonsense').get('/authority', JSON_TYPE);
    expect(headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('is for its own token, and for callers with the permission', async () => {
    const api = apis[app]();
    expect(await answer(api.as(TOKEN))).toBe('200');
    const callers = {
      'authority:read': await services.idp.signIn(['authority:read']),
      '*': await services.idp.signIn(['*']),
      none: await services.idp.signIn(['accounts:read', 'users:read']),
    };
    expect(await answer(api.as(callers['authority:read'].api.token as string))).toBe('200');
    expect(await answer(api.as(callers['*'].api.token as string))).toBe('200');
    expect(await answer(api.as(callers.none.api.token as string))).toBe('403 - forbidden');
  });

  it('answers in the envelope where JSON is preferred, else with a stream', async () => {
    const { headers, data, meta } = await apis[app]().as(TOKEN).get('/authority', JSON_TYPE);
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(data)).toEqual([
      'version',
      'issued_at',
      'recorded_since',
      'roles',
      'subjects',
      'ended',
    ]);
    expect(meta).toBeNull();
    const url = `${apis[app]().url}/authority`;
    const typeFor = (accept?: string) =>
      head(url, { authorization: `Bearer ${TOKEN}`, ...(accept === undefined ? {} : { accept }) });
    for (const accept of [
      undefined,
      '*/*',
      'text/event-stream',
      'text/event-stream, application/json;q=0.5',
    ]) {
      expect([accept, await typeFor(accept)]).toEqual([accept, '200 text/event-stream']);
    }
    for (const accept of [
      'application/json',
      'application/json, */*',
      'text/event-stream;q=0.1, application/json',
    ]) {
      expect([accept, await typeFor(accept)]).toEqual([accept, '200 application/json; charset=utf-8']);
    }
  });

  it('refuses a query and other methods', async () => {
    const api = apis[app]().as(TOKEN);
    expect((await api.get('/authority?since=1', JSON_TYPE)).status).toBe(422);
    expect((await api.post('/authority')).status).toBe(405);
  });
});

it('is not on the public port, and its token opens no other route', async () => {
  const { idp, service } = services;
  expect((await service.api.as(TOKEN).get('/authority', JSON_TYPE)).status).toBe(404);
  expect((await service.internal.as(TOKEN).get('/metrics')).status).toBe(401);
  expect((await service.api.as(TOKEN).get('/users/me')).status).toBe(401);
  for (const path of ['/auth/me', '/accounts', '/roles']) {
    expect([path, (await idp.api.as(TOKEN).get(path)).status]).toEqual([path, 401]);
  }
});

it('tells a stranger nothing: identifiers are digests', async () => {
  const { idp, service } = services;
  const { account, api } = await idp.signIn([]);
  const [session] = await idp.database.query('SELECT id FROM identity.sessions WHERE account_id = $1', [
    account.id,
  ]);
  await api.post('/auth/logout');
  const feed = await FeedClient.open(`${idp.api.url}/authority`, TOKEN);
  await feed.until((events) => events.some(({ data }) => data.includes('"session"')));
  const text = feed.events.map(({ data, id }) => data + id).join();
  feed.close();
  expect(text).not.toContain(session.id);
  expect(text).not.toContain(account.id);
  expect(text).not.toContain(account.email);
  expect((await service.internal.as(TOKEN).get('/authority', JSON_TYPE)).data.roles).toEqual({});
});

it('is not for a suspended user with the permission', async () => {
  const { idp, service } = services;
  const { api } = await idp.signIn(['authority:read']);
  const { data } = await service.api.as(api.token as string).get('/users/me');
  const admin = await idp.signIn(['*']);
  const asAdmin = service.api.as(admin.api.token as string);
  expect((await asAdmin.patch(`/users/${data.id}`, { status: 'suspended' })).errors).toEqual([]);
  expect(await answer(service.internal.as(api.token as string))).toBe('403 - user_suspended');
});

it('is off without a token, for everybody', async () => {
  const idp = await startTestIdentityProvider();
  const service = await startTestUserService({ identityProviderUrl: idp.api.url.replace('/api/v1', '') });
  try {
    const { api } = await idp.signIn(['*']);
    expect(await answer(idp.api)).toBe('401 - unauthorized');
    expect(await answer(api)).toBe('404 - not_found');
    expect(await answer(service.internal)).toBe('401 - unauthorized');
    expect(await answer(service.internal.as('null'))).toBe('401 - unauthorized');
    expect(await answer(service.internal.as(api.token as string))).toBe('404 - not_found');
  } finally {
    await service.close();
    await idp.close();
  }
});
