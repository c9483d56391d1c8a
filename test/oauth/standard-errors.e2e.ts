import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLBACK, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { WebBrowser } from '../support/web-browser.js';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

let provider: TestOpenIdProvider;
beforeAll(async () => {
  provider = await startTestOpenIdProvider();
});
afterAll(() => provider?.close());

async function post(path: string, parameters: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${provider.issuer}${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(parameters),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

async function service() {
  const { client, secret } = await provider.confidentialClient({
    grantTypes: ['client_credentials'],
    redirectUris: [],
  });
  return { client_id: client.clientId, client_secret: secret };
}

it.each(['token', 'par', 'revoke', 'introspect', 'device'])(
  'an error at /oauth/%s is JSON, whatever the client accepts (RFC 6749, section 5.2)',
  async (name) => {
    // The default of Java's HttpURLConnection.
    const accept = 'text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2';
    const { status, headers, body } = await post(`/oauth/${name}`, { client_id: 'nobody' }, { accept });
    expect([status, body.error]).toEqual([401, 'invalid_client']);
    expect(headers.get('content-type')).toContain('application/json');
  },
);

describe('a client without the grant type', () => {
  it('is unauthorized (RFC 6749, section 5.2)', async () => {
    const { client, secret } = await provider.confidentialClient();
    const { status, body } = await post('/oauth/token', {
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: secret,
    });
    expect([status, body.error]).toEqual([400, 'unauthorized_client']);
  });

  it('is unauthorized to ask for a device code (RFC 8628, section 3.2)', async () => {
    const client = await provider.client();
    const { status, body } = await post('/oauth/device', { client_id: client.clientId, scope: 'openid' });
    expect([status, body.error]).toEqual([400, 'unauthorized_client']);
  });

  it('that is public fails to authenticate for client credentials (RFC 6749, section 4.4)', async () => {
    const client = await provider.client();
    const { status, body } = await post('/oauth/token', {
      grant_type: 'client_credentials',
      client_id: client.clientId,
    });
    expect([status, body.error]).toEqual([401, 'invalid_client']);
  });
});

describe('a request of which no scope can be granted (RFC 6749, section 3.3)', () => {
  const requests: Record<string, string>[] = [{}, { scope: 'unknown' }];
  it.each(requests)('is refused before a user signs in: %j', async (scope) => {
    const client = await provider.client();
    const parameters = new URLSearchParams({
      response_type: 'code',
      client_id: client.clientId,
      redirect_uri: CALLBACK,
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      ...scope,
    });
    const page = await new WebBrowser(provider.issuer).get(
      `${provider.issuer}/oauth/authorize?${parameters}`,
    );
    expect(page.url).toContain(CALLBACK);
    expect(new URL(page.url).searchParams.get('error')).toBe('invalid_scope');
  });

  it('is refused to a device', async () => {
    const client = await provider.client({ grantTypes: [DEVICE], redirectUris: [] });
    const { status, body } = await post('/oauth/device', { client_id: client.clientId });
    expect([status, body.error]).toEqual([400, 'invalid_scope']);
  });

  it('is refused to a service, which needs none', async () => {
    const request = { grant_type: 'client_credentials', ...(await service()) };
    const unknown = await post('/oauth/token', { ...request, scope: 'unknown' });
    expect([unknown.status, unknown.body.error]).toEqual([400, 'invalid_scope']);
    const some = await post('/oauth/token', { ...request, scope: 'openid unknown' });
    expect([some.status, some.body.scope]).toEqual([200, 'openid']);
    expect((await post('/oauth/token', request)).status).toBe(200);
  });
});

it('discovery names the authentication of each endpoint (RFC 8414, section 2)', async () => {
  const response = await fetch(`${provider.issuer}/.well-known/openid-configuration`);
  expect(await response.json()).toMatchObject({
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    ui_locales_supported: ['en', 'de'],
  });
});
