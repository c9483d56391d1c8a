import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readToken } from '../support/keycloak-tokens.js';
import {
  CALLBACK,
  PASSWORD,
  startTestOpenIdProvider,
  type TestOpenIdProvider,
} from '../support/openid-provider.js';
import { discover, signInThroughPages, startSignIn } from '../support/stock-client.js';
import { WebBrowser } from '../support/web-browser.js';

let provider: TestOpenIdProvider;
beforeAll(async () => {
  provider = await startTestOpenIdProvider();
});
afterAll(() => provider?.close());

describe('the code flow', () => {
  it('signs in by discovery alone, with tokens like those of POST /auth/login', async () => {
    const role = await provider.make.role(['things:read']);
    const person = await provider.person({ firstName: 'Ada', lastName: 'Byron', roleId: role.id });
    const client = await provider.client();
    const config = await discover(provider.issuer, client);
    const browser = new WebBrowser(provider.issuer);
    const { url, finish } = await startSignIn(config);

    const page = await browser.get(url);
    expect(page.status).toBe(200);
    const callback = await browser.submit(page, { email: person.email, password: PASSWORD });
    expect(callback.url).toContain(CALLBACK);
    const tokens = await finish(callback.url);

    const login = await provider.api.post('/auth/login', { email: person.email, password: PASSWORD });
    const [loginHeader, loginClaims] = readToken(login.data.token);
    const [header, claims] = readToken(tokens.access_token);
    expect(header).toEqual(loginHeader);
    const { exp, iat, jti, sid, client_id, auth_time, ...same } = loginClaims;
    expect(claims).toEqual({
      ...same,
      client_id: client.clientId,
      scope: 'openid profile email',
      exp: expect.any(Number),
      iat: expect.any(Number),
      jti: expect.any(String),
      sid: expect.any(String),
      auth_time: expect.any(Number),
    });
    expect(Object.keys(claims).sort()).toEqual([...Object.keys(loginClaims), 'scope'].sort());
    expect((claims['exp'] as number) - (claims['iat'] as number)).toBe(900);

    expect(tokens.claims()).toMatchObject({
      sub: person.id,
      sid: claims['sid'],
      auth_time: expect.any(Number),
      amr: ['pwd'],
      acr: '1',
      at_hash: expect.any(String),
      name: 'Ada Byron',
      email: person.email,
    });
    const me = await provider.api.as(tokens.access_token).get('/auth/me');
    expect([me.status, me.data.sub, me.data.permissions]).toEqual([200, person.id, ['things:read']]);
    const userinfo = await oidc.fetchUserInfo(config, tokens.access_token, person.id);
    expect(userinfo).toEqual({
      sub: person.id,
      name: 'Ada Byron',
      given_name: 'Ada',
      family_name: 'Byron',
      preferred_username: person.email,
      email: person.email,
      email_verified: true,
    });
  });

  it('signs in to a second client without a page, and refreshes', async () => {
    const person = await provider.person();
    const [first, second] = [await provider.client(), await provider.client()];
    const browser = new WebBrowser(provider.issuer);
    const one = await startSignIn(await discover(provider.issuer, first));
    await browser.submit(await browser.get(one.url), { email: person.email, password: PASSWORD });

    const config = await discover(provider.issuer, second);
    const two = await startSignIn(config);
    const callback = await browser.get(two.url);
    const tokens = await two.finish(callback.url);
    const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token as string);
    expect(refreshed.refresh_token).not.toBe(tokens.refresh_token);
    expect(readToken(refreshed.access_token)[1]['sid']).toBe(readToken(tokens.access_token)[1]['sid']);
    expect(refreshed.claims()?.['auth_time']).toBe(tokens.claims()?.['auth_time']);
  });

  it('is refused without a session where no page may be shown', async () => {
    const config = await discover(provider.issuer, await provider.client());
    const { url, finish } = await startSignIn(config, { prompt: 'none' });
    const callback = await new WebBrowser(provider.issuer).get(url);
    await expect(finish(callback.url)).rejects.toMatchObject({ error: 'login_required' });
  });
});

describe('an authorization request', () => {
  it('can be posted, and keeps the sign-in of the browser (OpenID Connect Core, section 3.1.2.1)', async () => {
    const person = await provider.person();
    const { browser } = await signInThroughPages(provider, await provider.client(), person.email);
    const { url, finish } = await startSignIn(await discover(provider.issuer, await provider.client()));
    const { origin, pathname, searchParams } = new URL(url);
    const posted = await fetch(`${origin}${pathname}`, {
      method: 'POST',
      body: searchParams,
      redirect: 'manual',
    });
    expect([posted.status, posted.headers.get('cache-control')]).toEqual([303, 'no-store']);
    const location = String(posted.headers.get('location'));
    expect(location).toBe(`${provider.issuer}/oauth/authorize?${searchParams}`);
    expect((await finish((await browser.get(location)).url)).claims()?.sub).toBe(person.id);
  });

  it('that is posted as JSON, as nothing or in megabytes is refused', async () => {
    const post = (body: string, type = 'application/x-www-form-urlencoded') =>
      fetch(`${provider.issuer}/oauth/authorize`, {
        method: 'POST',
        body,
        redirect: 'manual',
        headers: { 'content-type': type },
      });
    expect((await post('{}', 'application/json')).status).toBe(415);
    expect((await post(`state=${'x'.repeat(1_000_000)}`)).status).toBe(413);
    const empty = await post('');
    expect((await fetch(String(empty.headers.get('location')))).status).toBe(400);
  });

  it('with prompt=select_account lets the user continue as they are, or sign in as somebody else', async () => {
    const [ada, bob] = [await provider.person(), await provider.person()];
    const client = await provider.client();
    const { browser } = await signInThroughPages(provider, client, ada.email);
    const config = await discover(provider.issuer, client);

    const kept = await startSignIn(config, { prompt: 'select_account' });
    const page = await browser.get(kept.url);
    expect(page.html).toContain(`Continue as ${ada.email}`);
    const callback = await browser.submit(page, { answer: 'continue' });
    expect((await kept.finish(callback.url)).claims()?.sub).toBe(ada.id);

    const changed = await startSignIn(config, { prompt: 'select_account' });
    const other = await browser.submit(await browser.get(changed.url), {
      email: bob.email,
      password: PASSWORD,
    });
    // Ada's sign-in ends before Bob's begins.
    const done = other.url.startsWith(provider.issuer) ? await browser.submit(other, {}) : other;
    expect((await changed.finish(done.url)).claims()?.sub).toBe(bob.id);
  });

  it('with prompt=select_account and no session is a sign-in; nobody can continue without one', async () => {
    const ada = await provider.person();
    const { url, finish } = await startSignIn(await discover(provider.issuer, await provider.client()), {
      prompt: 'select_account',
    });
    const browser = new WebBrowser(provider.issuer);
    const page = await browser.get(url);
    expect(page.html).not.toContain('Continue as');
    const refused = await browser.submit(page, { answer: 'continue' });
    expect([refused.status, refused.url]).toEqual([422, page.url]);
    const callback = await browser.submit(refused, { email: ada.email, password: PASSWORD });
    expect((await finish(callback.url)).claims()?.sub).toBe(ada.id);
  });

  it('with prompt=select_account does not continue as a disabled account', async () => {
    const person = await provider.person();
    const client = await provider.client();
    const { browser } = await signInThroughPages(provider, client, person.email);
    const { url } = await startSignIn(await discover(provider.issuer, client), { prompt: 'select_account' });
    const page = await browser.get(url);
    await provider.database.query("UPDATE identity.accounts SET status = 'disabled' WHERE id = $1", [
      person.id,
    ]);
    const refused = await browser.submit(page, { answer: 'continue' });
    expect([refused.status, refused.url.startsWith(provider.issuer)]).toEqual([422, true]);
  });

  it.each(['1', 'urn:example:unknown', 'urn:example:gold 2 1'])(
    'with acr_values=%s signs in, and the ID token says how',
    async (acr) => {
      const person = await provider.person();
      const { url, finish } = await startSignIn(await discover(provider.issuer, await provider.client()), {
        acr_values: acr,
      });
      const browser = new WebBrowser(provider.issuer);
      const callback = await browser.submit(await browser.get(url), {
        email: person.email,
        password: PASSWORD,
      });
      const tokens = await finish(callback.url);
      expect(tokens.claims()).toMatchObject({ acr: '1', amr: ['pwd'] });
    },
  );
});
