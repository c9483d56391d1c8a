import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsDuring } from '../support/audit.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { discover, signInThroughPages, startSignIn } from '../support/stock-client.js';
import { WebBrowser } from '../support/web-browser.js';

let provider: TestOpenIdProvider;
beforeAll(async () => {
  provider = await startTestOpenIdProvider();
});
afterAll(() => provider?.close());

const during = (work: () => Promise<unknown>) => eventsDuring(provider.database, work);

async function signedIn() {
  const [client, person] = [await provider.client(), await provider.person()];
  return { client, person, ...(await signInThroughPages(provider, client, person.email)) };
}

describe('the audit log has', () => {
  it('a sign-in of a browser and the session of its client, once', async () => {
    const [client, person] = [await provider.client(), await provider.person()];
    const browser = new WebBrowser(provider.issuer);
    const events = await during(async () => {
      await signInThroughPages(provider, client, person.email, { browser });
      await signInThroughPages(provider, client, person.email, { browser });
    });
    const started = {
      action: 'session.started',
      actor_sub: person.id,
      actor_name: person.email,
      address: '127.0.0.1',
      request_id: expect.any(String),
      details: { account_id: person.id },
    };
    expect(events).toMatchObject([
      { ...started, client_id: 'twinkey' },
      { ...started, client_id: client.clientId },
    ]);
    for (const { target_id, session_id } of events) expect(session_id).toBe(target_id);
  });

  it('a revoked token, by the owner of its session', async () => {
    const { config, tokens, client, person } = await signedIn();
    const events = await during(() => oidc.tokenRevocation(config, tokens.refresh_token as string));
    expect(events).toMatchObject([
      {
        action: 'session.ended',
        actor_sub: person.id,
        client_id: client.clientId,
        details: { account_id: person.id, reason: 'token_revoked' },
      },
    ]);
  });

  it('a code that is used a second time, by nobody known', async () => {
    const [client, person] = [await provider.client(), await provider.person()];
    const { url, finish } = await startSignIn(await discover(provider.issuer, client));
    const browser = new WebBrowser(provider.issuer);
    const callback = await browser.submit(await browser.get(url), {
      email: person.email,
      password: PASSWORD,
    });
    await finish(callback.url);
    const events = await during(() => expect(finish(callback.url)).rejects.toThrow());
    expect(events).toMatchObject([
      { action: 'session.ended', actor_sub: null, details: { reason: 'code_reused' } },
    ]);
  });

  it('a refresh token that is used again', async () => {
    const { config, tokens } = await signedIn();
    const first = tokens.refresh_token as string;
    const second = (await oidc.refreshTokenGrant(config, first)).refresh_token as string;
    await oidc.refreshTokenGrant(config, second);
    const events = await during(() => oidc.refreshTokenGrant(config, first).catch(() => {}));
    expect(events).toMatchObject([
      { action: 'session.reuse_detected', outcome: 'failure', actor_sub: null },
      { action: 'session.ended', details: { reason: 'refresh_token_reused' } },
    ]);
  });

  it('the sessions of the clients below a sign-in that ends', async () => {
    const { tokens, person } = await signedIn();
    const own = provider.api.as(tokens.access_token);
    const sessions: { id: string; client_id: string | null }[] = (await own.get('/auth/sessions')).data;
    const signIn = sessions.find(({ client_id }) => client_id === null);
    const other = await provider.sessionOf(person);
    const events = await during(() => other.delete(`/auth/sessions/${signIn?.id}`));
    expect(events.map(({ action, target_id }) => [action, target_id]).sort()).toEqual(
      sessions.map(({ id }) => ['session.ended', id]).sort(),
    );
    expect((await own.get('/auth/me')).status).toBe(401);
  });

  it('the sessions of a client that is disabled', async () => {
    const { client, person } = await signedIn();
    const { api } = await provider.signIn(['*']);
    const events = await during(() => api.patch(`/clients/${client.clientId}`, { status: 'disabled' }));
    expect(events).toMatchObject([
      { action: 'session.ended', details: { account_id: person.id, reason: 'client_disabled' } },
      {
        action: 'client.updated',
        target_type: 'client',
        target_id: client.clientId,
        details: { before: { status: 'active' }, after: { status: 'disabled' } },
      },
    ]);
  });

  it('wrong client secrets and device codes', async () => {
    const { client } = await provider.confidentialClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
    });
    const config = await discover(provider.issuer, client, 'wrong');
    const browser = new WebBrowser(provider.issuer);
    const page = await browser.get(`${provider.issuer}/oauth/device/verify`);
    const events = await during(async () => {
      await oidc.clientCredentialsGrant(config).catch(() => {});
      await browser.submit(page, { user_code: 'BBBB-BBBB' });
    });
    expect(events).toMatchObject([
      { action: 'login.failed', details: { attempt: 'client_secret', client_id: client.clientId } },
      { action: 'login.failed', details: { attempt: 'user_code' } },
    ]);
  });
});

it('a client that may no longer act for itself is in the authority feed, until it may again', async () => {
  const { client } = await provider.confidentialClient({
    grantTypes: ['client_credentials'],
    redirectUris: [],
  });
  const { api } = await provider.signIn(['*']);
  const revoked = async () => {
    const rows: { removed: boolean }[] = await provider.database.query(
      "SELECT removed FROM identity.revocations WHERE kind = 'subject' AND id = $1",
      [client.clientId],
    );
    return rows.map(({ removed }) => !removed);
  };
  expect(await revoked()).toEqual([]);
  await api.patch(`/clients/${client.clientId}`, { status: 'disabled' });
  expect(await revoked()).toEqual([true]);
  await api.patch(`/clients/${client.clientId}`, { status: 'active' });
  expect(await revoked()).toEqual([false]);
  await api.delete(`/clients/${client.clientId}`);
  expect(await revoked()).toEqual([true]);
});
