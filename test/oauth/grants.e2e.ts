import { once } from 'node:events';
import { createServer } from 'node:http';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readToken } from '../support/keycloak-tokens.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { discover, signInThroughPages, startSignIn } from '../support/stock-client.js';
import { WebBrowser } from '../support/web-browser.js';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

let provider: TestOpenIdProvider;
beforeAll(async () => {
  provider = await startTestOpenIdProvider();
});
afterAll(() => provider?.close());

describe('client credentials', () => {
  it('give a service a token with the permissions of its role, which hold as long as the client does', async () => {
    const role = await provider.make.role(['accounts:read']);
    const { client, secret } = await provider.confidentialClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
      roleId: role.id,
    });
    const config = await discover(provider.issuer, client, secret);
    const { access_token } = await oidc.clientCredentialsGrant(config);
    const [header, claims] = readToken(access_token);
    expect(header['typ']).toBe('at+jwt');
    expect(claims).toEqual({
      iss: provider.issuer,
      aud: provider.settings.signing.audience,
      sub: client.clientId,
      client_id: client.clientId,
      exp: expect.any(Number),
      iat: expect.any(Number),
      jti: expect.any(String),
      sid: expect.any(String),
      role: role.name,
      permissions: ['accounts:read'],
    });
    const api = provider.api.as(access_token);
    const me = await api.get('/auth/me');
    expect(me.data).toMatchObject({
      kind: 'service',
      sub: client.clientId,
      roles: [role.name],
      account: null,
    });
    expect((await api.get('/accounts')).status).toBe(200);
    expect((await api.get('/roles')).status).toBe(403);
    expect((await api.post('/auth/logout')).errors).toEqual(['- native_account_required']);

    await provider.database.query("UPDATE identity.oauth_clients SET status = 'disabled' WHERE id = $1", [
      client.id,
    ]);
    expect((await api.get('/accounts')).status).toBe(401);
    await expect(oidc.clientCredentialsGrant(config)).rejects.toMatchObject({ status: 401 });
  });

  it('are refused for a resource of strangers', async () => {
    const { client, secret } = await provider.confidentialClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
    });
    const stranger = oidc.clientCredentialsGrant(await discover(provider.issuer, client, secret), {
      resource: 'https://stranger.example',
    });
    await expect(stranger).rejects.toMatchObject({ error: 'invalid_target' });
  });
});

describe('a device', () => {
  async function connect() {
    const client = await provider.client({
      name: 'Television',
      grantTypes: [DEVICE, 'refresh_token'],
      redirectUris: [],
    });
    const config = await discover(provider.issuer, client);
    const started = await oidc.initiateDeviceAuthorization(config, { scope: 'openid email' });
    return { config, started };
  }

  it('is signed in by its code, after the page has named it', async () => {
    const { config, started } = await connect();
    expect(started.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    const person = await provider.person();
    const browser = new WebBrowser(provider.issuer, { 'user-agent': 'Test' });
    const entry = await browser.get(started.verification_uri);
    const confirmation = await browser.submit(entry, { user_code: started.user_code.toLowerCase() });
    expect(confirmation.html).toContain('Television');
    expect(confirmation.html).toContain('127.0.0.1');
    const signIn = await browser.submit(confirmation, { confirm: 'yes' });
    const done = await browser.submit(signIn, { email: person.email, password: PASSWORD });
    expect(done.html).toContain('Device connected');
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, started, undefined, {
      signal: AbortSignal.timeout(15_000),
    });
    expect(readToken(tokens.access_token)[1]).toMatchObject({ sub: person.id, email: person.email });
    expect((await oidc.refreshTokenGrant(config, tokens.refresh_token as string)).access_token).toBeTruthy();
  });

  it('can show a link with its code, whose page works without scripts, in the language of the user', async () => {
    const { started } = await connect();
    const browser = new WebBrowser(provider.issuer, { 'accept-language': 'de' });
    const page = await browser.get(started.verification_uri_complete as string);
    expect(page.html).toContain('<html lang="de">');
    expect(page.html).toContain('<button type="submit">Weiter</button>');
    const confirmation = await browser.submit(page, {});
    expect(confirmation.html).toContain('Ist das Ihr Gerät?');
  });

  it('is not signed in by a person who cancels', async () => {
    const { config, started } = await connect();
    const browser = new WebBrowser(provider.issuer);
    const confirmation = await browser.submit(await browser.get(started.verification_uri), {
      user_code: started.user_code,
    });
    expect((await browser.submit(confirmation, { abort: 'yes' })).html).toContain('Device not connected');
    const polled = oidc.pollDeviceAuthorizationGrant(config, started, undefined, {
      signal: AbortSignal.timeout(15_000),
    });
    await expect(polled).rejects.toMatchObject({ error: 'access_denied' });
  });
});

describe('a refresh token', () => {
  const refresh = (config: oidc.Configuration, token: string) => oidc.refreshTokenGrant(config, token);

  async function signedIn() {
    const person = await provider.person();
    const { config, tokens } = await signInThroughPages(provider, await provider.client(), person.email);
    return { config, person, access: tokens.access_token, token: tokens.refresh_token as string };
  }

  it('gives eight requests at once the same successor', async () => {
    const { config, token } = await signedIn();
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(config, token)));
    expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1);
  });

  it('ends the session when it is used again after its successor was', async () => {
    const { config, token, access } = await signedIn();
    const next = await refresh(config, token);
    const last = await refresh(config, next.refresh_token as string);
    await expect(refresh(config, token)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(refresh(config, last.refresh_token as string)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    expect((await provider.api.as(access).get('/auth/me')).status).toBe(401);
  });

  it('ends the session when it is used again after 20 seconds', async () => {
    const { config, token } = await signedIn();
    const next = await refresh(config, token);
    await provider.database.query(
      "UPDATE identity.oauth_state SET consumed_at = consumed_at - interval '21 seconds' WHERE consumed_at IS NOT NULL",
    );
    await expect(refresh(config, token)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(refresh(config, next.refresh_token as string)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  it('gives no more than was granted', async () => {
    const { config, token } = await signedIn();
    const more = oidc.refreshTokenGrant(config, token, { scope: 'openid offline_access' });
    await expect(more).rejects.toMatchObject({ error: 'invalid_scope' });
    const less = await oidc.refreshTokenGrant(config, token, { scope: 'openid' });
    expect(less.scope).toBe('openid');
  });

  it('belongs to its client', async () => {
    const { token } = await signedIn();
    const other = await discover(provider.issuer, await provider.client());
    await expect(refresh(other, token)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('is stored as a digest', async () => {
    const { token } = await signedIn();
    const [{ count }] = await provider.database.query(
      'SELECT count(*)::integer AS count FROM identity.oauth_state o WHERE o::text LIKE $1',
      [`%${token}%`],
    );
    expect(count).toBe(0);
  });

  it('and userinfo, introspection and the API end with the session, the account and the client', async () => {
    const ends = [
      (sid: string) => provider.database.query('DELETE FROM identity.sessions WHERE id = $1', [sid]),
      (_sid: string, account: string) =>
        provider.database.query("UPDATE identity.accounts SET status = 'disabled' WHERE id = $1", [account]),
    ];
    const { client: checker, secret } = await provider.confidentialClient();
    const introspection = await discover(provider.issuer, checker, secret);
    for (const end of ends) {
      const { config, token, access, person } = await signedIn();
      const active = await oidc.tokenIntrospection(introspection, access);
      expect(active).toMatchObject({
        active: true,
        sub: person.id,
        username: person.email,
        scope: 'openid profile email',
        iss: provider.issuer,
        aud: provider.settings.signing.audience,
        sid: readToken(access)[1]['sid'],
      });
      expect(await oidc.tokenIntrospection(introspection, token)).toMatchObject({
        active: true,
        sub: person.id,
        username: person.email,
        sid: active['sid'],
      });
      await end(active['sid'] as string, person.id);
      expect(await oidc.tokenIntrospection(introspection, access)).toEqual({ active: false });
      expect(await oidc.tokenIntrospection(introspection, token)).toEqual({ active: false });
      await expect(oidc.fetchUserInfo(config, access, person.id)).rejects.toThrow();
      await expect(refresh(config, token)).rejects.toMatchObject({ error: 'invalid_grant' });
      expect((await provider.api.as(access).get('/auth/me')).status).toBe(401);
    }
  });
});

describe('introspection and revocation', () => {
  it('know the tokens of POST /auth/login', async () => {
    const person = await provider.person();
    const { data } = await provider.api.post('/auth/login', { email: person.email, password: PASSWORD });
    const { client, secret } = await provider.confidentialClient();
    const config = await discover(provider.issuer, client, secret);
    expect(await oidc.tokenIntrospection(config, data.token)).toMatchObject({
      active: true,
      sub: person.id,
      username: person.email,
      client_id: 'twinkey',
    });
    await oidc.tokenRevocation(config, data.token);
    expect(await oidc.tokenIntrospection(config, data.token)).toEqual({ active: false });
    expect((await provider.api.as(data.token).get('/auth/me')).status).toBe(401);
  });

  it('know the refresh tokens of POST /auth/login, until they have a successor or are revoked', async () => {
    const sessions = { accessTokenSeconds: 900, refreshTokenSeconds: 3_600, maxSeconds: 7_200 };
    const refreshing = await startTestOpenIdProvider({ sessions });
    try {
      const person = await refreshing.person();
      const { client, secret } = await refreshing.confidentialClient();
      const config = await discover(refreshing.issuer, client, secret);
      const credentials = { email: person.email, password: PASSWORD };
      const { refreshToken: first } = (await refreshing.api.post('/auth/login', credentials)).data;
      const refreshed = await refreshing.api.post('/auth/refresh', { refresh_token: first });
      const { token, refreshToken } = refreshed.data;
      expect(await oidc.tokenIntrospection(config, first)).toEqual({ active: false });
      const now = Math.floor(Date.now() / 1000);
      const described = await oidc.tokenIntrospection(config, refreshToken);
      expect(described).toEqual({
        active: true,
        sub: person.id,
        username: person.email,
        client_id: 'twinkey',
        iss: refreshing.issuer,
        aud: refreshing.settings.signing.audience,
        sid: readToken(token)[1]['sid'],
        iat: expect.any(Number),
        exp: expect.any(Number),
      });
      expect(Math.abs((described.iat as number) - now)).toBeLessThan(60);
      expect(Math.abs((described.exp as number) - now - 3_600)).toBeLessThan(60);
      await oidc.tokenRevocation(config, refreshToken);
      expect(await oidc.tokenIntrospection(config, refreshToken)).toEqual({ active: false });
      expect((await refreshing.api.post('/auth/refresh', { refresh_token: refreshToken })).status).toBe(401);
      expect((await refreshing.api.as(token).get('/auth/me')).status).toBe(401);
    } finally {
      await refreshing.close();
    }
  });

  it('know a service, and call garbage inactive', async () => {
    const { client, secret } = await provider.confidentialClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
    });
    const config = await discover(provider.issuer, client, secret);
    const { access_token } = await oidc.clientCredentialsGrant(config);
    expect(await oidc.tokenIntrospection(config, access_token)).toMatchObject({
      active: true,
      sub: client.clientId,
      client_id: client.clientId,
    });
    for (const garbage of ['x', 'a.b.c', `${access_token}x`, 'access_token:eHg']) {
      expect(await oidc.tokenIntrospection(config, garbage)).toEqual({ active: false });
    }
  });

  it('end a token of a service for every verifier, and no other one', async () => {
    const { client, secret } = await provider.confidentialClient({
      grantTypes: ['client_credentials'],
      redirectUris: [],
    });
    const config = await discover(provider.issuer, client, secret);
    const [{ access_token: leaked }, { access_token: other }] = await Promise.all([
      oidc.clientCredentialsGrant(config),
      oidc.clientCredentialsGrant(config),
    ]);
    const me = async (token: string) => (await provider.api.as(token).get('/auth/me')).status;
    const userinfo = await fetch(`${provider.issuer}/oauth/userinfo`, {
      headers: { authorization: `Bearer ${leaked}` },
    });
    expect([await me(leaked), await me(other), userinfo.status]).toEqual([200, 200, 401]);

    await oidc.tokenRevocation(config, leaked);
    expect([await me(leaked), await me(other)]).toEqual([401, 200]);
    expect(await oidc.tokenIntrospection(config, leaked)).toEqual({ active: false });
    expect(await oidc.tokenIntrospection(config, other)).toMatchObject({ active: true });
    const { sid, exp } = readToken(leaked)[1];
    // What the authority feed tells.
    const revocations = await provider.database.query(
      `SELECT issuer, kind, expires_at > to_timestamp($2) AS outlives FROM identity.revocations WHERE id = $1`,
      [sid, exp],
    );
    expect(revocations).toEqual([{ issuer: 'native', kind: 'session', outlives: true }]);
    const events = await provider.database.query(
      `SELECT action, actor_sub, session_id, details FROM identity.audit_events WHERE target_id = $1`,
      [sid],
    );
    expect(events).toEqual([
      {
        action: 'session.ended',
        actor_sub: client.clientId,
        session_id: sid,
        details: { reason: 'token_revoked' },
      },
    ]);
    // Again, as RFC 7009 (section 2.2) wants it for a token that is no longer valid.
    await oidc.tokenRevocation(config, leaked);
  });

  it('leave the tokens of another client alone, and tell a public client nothing', async () => {
    const person = await provider.person();
    const { tokens } = await signInThroughPages(provider, await provider.client(), person.email);
    const other = await discover(provider.issuer, await provider.client());
    await oidc.tokenRevocation(other, tokens.access_token).catch(() => {});
    expect((await provider.api.as(tokens.access_token).get('/auth/me')).status).toBe(200);
    expect(await oidc.tokenIntrospection(other, tokens.access_token)).toEqual({ active: false });
  });

  it('end the session of a revoked refresh token', async () => {
    const person = await provider.person();
    const { config, tokens } = await signInThroughPages(provider, await provider.client(), person.email);
    await oidc.tokenRevocation(config, tokens.refresh_token as string);
    expect((await provider.api.as(tokens.access_token).get('/auth/me')).status).toBe(401);
  });
});

describe('a sign-out', () => {
  it('ends all sessions of the browser, tells the clients, and returns', async () => {
    const received: URLSearchParams[] = [];
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      received.push(new URLSearchParams(body));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const person = await provider.person();
    const told = await provider.client({ backchannelLogoutUri: `http://127.0.0.1:${port}/logout` });
    const one = await signInThroughPages(provider, await provider.client(), person.email);
    const two = await signInThroughPages(provider, told, person.email, { browser: one.browser });
    const url = oidc.buildEndSessionUrl(one.config, {
      id_token_hint: one.tokens.id_token as string,
      post_logout_redirect_uri: 'http://localhost:5173/',
      state: 's1',
    });
    const page = await one.browser.get(url.href);
    const left = await one.browser.submit(page, {});
    expect(left.url).toBe('http://localhost:5173/?state=s1');
    for (const { tokens } of [one, two]) {
      expect((await provider.api.as(tokens.access_token).get('/auth/me')).status).toBe(401);
    }
    await expect(
      oidc.refreshTokenGrant(two.config, two.tokens.refresh_token as string),
    ).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    const logout = readToken(received[0]?.get('logout_token') as string);
    expect(logout[0]['typ']).toBe('logout+jwt');
    expect(logout[1]).toMatchObject({ sub: person.id, sid: readToken(two.tokens.access_token)[1]['sid'] });
    server.close();
    const again = await startSignIn(one.config);
    expect((await one.browser.get(again.url)).html).toContain('name="password"');
  });

  it('can be posted by an application (RP-Initiated Logout 1.0, section 2)', async () => {
    const person = await provider.person();
    const { browser, tokens } = await signInThroughPages(provider, await provider.client(), person.email);
    const form = new URLSearchParams({
      id_token_hint: tokens.id_token as string,
      post_logout_redirect_uri: 'http://localhost:5173/',
      state: 's1',
    });
    // Without the browser's cookies, as from another site.
    const posted = await fetch(`${provider.issuer}/oauth/logout`, {
      method: 'POST',
      body: form,
      redirect: 'manual',
    });
    expect(posted.status).toBe(303);
    const page = await browser.get(posted.headers.get('location') as string);
    expect((await browser.submit(page, {})).url).toBe('http://localhost:5173/?state=s1');
    expect((await provider.api.as(tokens.access_token).get('/auth/me')).status).toBe(401);
  });

  it('that the user declines leaves them signed in, and says so', async () => {
    const person = await provider.person();
    const client = await provider.client();
    const { browser, config } = await signInThroughPages(provider, client, person.email);
    const page = await browser.get(`${provider.issuer}/oauth/logout`);
    const stayed = await browser.submit(page, {});
    expect(stayed.status).toBe(200);
    expect(stayed.html).toContain('You are still signed in');
    const silent = await startSignIn(config, { prompt: 'none' });
    expect((await browser.get(silent.url)).url).toContain('code=');
  });

  it('that is sent twice is done, and one from an older tab has expired', async () => {
    const person = await provider.person();
    const { browser } = await signInThroughPages(provider, await provider.client(), person.email);
    const older = await browser.get(`${provider.issuer}/oauth/logout`);
    const page = await browser.get(`${provider.issuer}/oauth/logout`);
    const expired = await browser.submit(older, { logout: 'yes' });
    expect(expired.status).toBe(400);
    expect(expired.html).toContain('This page has expired');
    for (let sent = 0; sent < 2; sent++) {
      const done = await browser.submit(page, { logout: 'yes' });
      expect(done.status).toBe(200);
      expect(done.html).toContain('Signed out');
    }
  });

  it('is asked for without an ID token, and goes nowhere else', async () => {
    const person = await provider.person();
    const { browser, config, tokens } = await signInThroughPages(
      provider,
      await provider.client(),
      person.email,
    );
    const page = await browser.get(
      `${provider.issuer}/oauth/logout?post_logout_redirect_uri=https://evil.example/`,
    );
    expect(page.html).not.toContain('<script>');
    expect((await browser.submit(page, {})).url).toBe(`${provider.issuer}/oauth/logout/confirm`);
    expect((await provider.api.as(tokens.access_token).get('/auth/me')).status).toBe(200);
    const evil = await browser.get(
      `${provider.issuer}/oauth/logout?client_id=${config.clientMetadata().client_id}&post_logout_redirect_uri=https://evil.example/`,
    );
    expect([evil.status, new URL(evil.url).origin]).toEqual([400, provider.issuer]);
  });
});
