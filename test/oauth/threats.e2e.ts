import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXPIRING_TABLES } from '#apps/identity-provider/src/expired-rows/expired-rows.service.js';
import { deleteExpired } from '#libs/background/expired-rows.js';
import type { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
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
let replica: TestOpenIdProvider;
beforeAll(async () => {
  provider = await startTestOpenIdProvider();
  const { databaseUrl, signing } = provider.settings;
  replica = await startTestOpenIdProvider({ databaseUrl, signing, port: 0 });
});
afterAll(async () => {
  await replica?.close();
  await provider?.close();
});

const authorize = (parameters: Record<string, string>) =>
  `${provider.issuer}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...parameters,
  })}`;

/** Exchanges a code, at one of the replicas. */
async function exchange(base: string, client: OauthClient, parameters: Record<string, string>) {
  const response = await fetch(`${base}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: client.clientId,
      redirect_uri: CALLBACK,
      ...parameters,
    }),
  });
  return {
    status: response.status,
    body: (await response.json()) as { error: string; access_token: string },
  };
}

async function freshCode(client: OauthClient) {
  const person = await provider.person();
  const browser = new WebBrowser(provider.issuer);
  const { url, verifier } = await startSignIn(await discover(provider.issuer, client));
  const { url: callback } = await browser.submit(await browser.get(url), {
    email: person.email,
    password: PASSWORD,
  });
  return { code: new URL(callback).searchParams.get('code') as string, verifier, callback };
}

describe('a redirect URI (I1)', () => {
  const registered = 'https://app.example.com/callback';
  it.each([
    'https://app.example.com/callback/x',
    'https://app.example.com/callbac',
    'https://app.example.com/Callback',
    'https://APP.example.com/callback',
    'https://app.example.com:444/callback',
    'https://app.example.com.evil.example/callback',
    'https://user@app.example.com/callback',
    'https://app.example.com/callback#fragment',
    'https://app.example.com/x/../callback',
    'https://app.example.com/%63allback',
    'https://app.example.com/callback?x=1',
    'http://app.example.com/callback',
    'javascript:alert(1)',
    '//app.example.com/callback',
    'https://evil.example/',
  ])('that is not the registered one gets an error page: %s', async (uri) => {
    const client = await provider.client({ redirectUris: [registered] });
    const page = await new WebBrowser(provider.issuer).get(
      authorize({ client_id: client.clientId, redirect_uri: uri }),
    );
    expect([page.status, new URL(page.url).origin]).toEqual([400, provider.issuer]);
    expect(page.headers.get('location')).toBeNull();
    expect(page.html).toContain('invalid_redirect_uri');
  });

  it('on loopback may have any port, and no other path', async () => {
    const client = await provider.client({ redirectUris: ['http://127.0.0.1/cb'] });
    const ask = (redirect_uri: string) =>
      new WebBrowser(provider.issuer).get(authorize({ client_id: client.clientId, redirect_uri }));
    expect((await ask('http://127.0.0.1:51004/cb')).html).toContain('name="password"');
    expect((await ask('http://127.0.0.1:51004/other')).status).toBe(400);
    expect((await ask('http://127.0.0.1.evil.example:51004/cb')).status).toBe(400);
  });

  it('is not taken from an id_token_hint of another client at the sign-out', async () => {
    const person = await provider.person();
    const { browser, tokens } = await signInThroughPages(provider, await provider.client(), person.email);
    const other = await provider.client({ postLogoutRedirectUris: ['https://other.example/'] });
    const url = `${provider.issuer}/oauth/logout?${new URLSearchParams({
      id_token_hint: tokens.id_token as string,
      client_id: other.clientId,
      post_logout_redirect_uri: 'https://other.example/',
    })}`;
    const page = await browser.get(url);
    expect([page.status, new URL(page.url).origin]).toEqual([400, provider.issuer]);
  });
});

describe('a code (I2)', () => {
  it('is bound to its verifier, its redirect URI and its client', async () => {
    const client = await provider.client();
    const { code, verifier } = await freshCode(client);
    const other = await provider.client();
    const wrong = { code, code_verifier: verifier };
    for (const [who, parameters] of [
      [client, { code, code_verifier: 'x'.repeat(43) }],
      [client, { code }],
      [client, { ...wrong, redirect_uri: 'http://localhost:5173/other' }],
      [other, wrong],
    ] as const) {
      const { status, body } = await exchange(provider.issuer, who, parameters);
      expect([status, body.error]).toEqual([400, 'invalid_grant']);
    }
  });

  it('needs S256', async () => {
    const client = await provider.client();
    const ask = async (parameters: Record<string, string>) => {
      const page = await new WebBrowser(provider.issuer).get(
        authorize({ client_id: client.clientId, redirect_uri: CALLBACK, ...parameters }),
      );
      return new URL(page.url).searchParams.get('error');
    };
    expect(await ask({ code_challenge_method: 'plain' })).toBe('invalid_request');
    expect(await ask({ code_challenge: '' })).toBe('invalid_request');
    const confidential = await provider.confidentialClient();
    const page = await new WebBrowser(provider.issuer).get(
      `${provider.issuer}/oauth/authorize?${new URLSearchParams({
        response_type: 'code',
        scope: 'openid',
        client_id: confidential.client.clientId,
        redirect_uri: CALLBACK,
      })}`,
    );
    expect(new URL(page.url).searchParams.get('error')).toBe('invalid_request');
  });

  it('works once; a replay revokes what was issued', async () => {
    const client = await provider.client();
    const { code, verifier } = await freshCode(client);
    const first = await exchange(provider.issuer, client, { code, code_verifier: verifier });
    expect(first.status).toBe(200);
    const again = await exchange(provider.issuer, client, { code, code_verifier: verifier });
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
    expect((await provider.api.as(first.body.access_token).get('/auth/me')).status).toBe(401);
  });

  it('works once on two replicas at the same time', async () => {
    const client = await provider.client();
    const { code, verifier } = await freshCode(client);
    const base = new URL(replica.directUrl).origin;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        exchange(index % 2 ? base : provider.issuer, client, { code, code_verifier: verifier }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(1);
    expect(answers.every(({ status }) => [200, 400].includes(status))).toBe(true);
  });

  it('expires', async () => {
    const client = await provider.client();
    const { code, verifier } = await freshCode(client);
    await provider.database.query(
      "UPDATE identity.oauth_state SET expires_at = now() WHERE type = 'AuthorizationCode'",
    );
    const { body } = await exchange(provider.issuer, client, { code, code_verifier: verifier });
    expect(body.error).toBe('invalid_grant');
  });
});

describe('a sign-in (I3)', () => {
  it('is answered with the issuer, and belongs to the browser that began it', async () => {
    const client = await provider.client();
    const { callback } = await freshCode(client);
    expect(new URL(callback).searchParams.get('iss')).toBe(provider.issuer);
    const page = await new WebBrowser(provider.issuer).get(
      authorize({ client_id: client.clientId, redirect_uri: CALLBACK }),
    );
    const stranger = await new WebBrowser(provider.issuer).get(page.url);
    expect(stranger.status).toBe(400);
    expect(stranger.html).not.toContain('name="password"');
  });

  it('cannot be framed, or posted from elsewhere', async () => {
    const person = await provider.person();
    const client = await provider.client();
    const url = authorize({ client_id: client.clientId, redirect_uri: CALLBACK });
    const browser = new WebBrowser(provider.issuer, { 'sec-fetch-site': 'cross-site' });
    const page = await browser.get(url);
    expect(page.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; script-src 'self'; connect-src 'self'",
    );
    expect(page.headers.get('cache-control')).toBe('no-store');
    const posted = await browser.submit(page, { email: person.email, password: PASSWORD });
    expect(posted.status).toBe(400);
    expect(browser.cookies.has('twinkey /')).toBe(false);
  });

  it('gets a new cookie, so that a known one is worth nothing', async () => {
    const client = await provider.client();
    const person = await provider.person();
    const { browser } = await signInThroughPages(provider, client, person.email);
    const before = browser.cookies.get('twinkey /')?.value;
    const { url } = await startSignIn(await discover(provider.issuer, client), { prompt: 'login' });
    await browser.submit(await browser.get(url), { email: person.email, password: PASSWORD });
    const after = browser.cookies.get('twinkey /')?.value;
    expect(before).toBeTruthy();
    expect(after).not.toBe(before);
    browser.cookies.set('twinkey /', { value: before as string, path: '/' });
    expect((await browser.get(url)).html).toContain('name="password"');
  });
});

describe('who is signed in (I4)', () => {
  it('signs in again for max_age=0 and prompt=login, and says when', async () => {
    const client = await provider.client();
    const person = await provider.person();
    const { browser, config } = await signInThroughPages(provider, client, person.email);
    for (const parameters of [{ max_age: '0' }, { prompt: 'login' }] as Record<string, string>[]) {
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const { url, finish } = await startSignIn(config, parameters);
      const page = await browser.get(url);
      expect(page.html).toContain('name="password"');
      const since = Math.floor(Date.now() / 1000);
      const tokens = await finish(
        (await browser.submit(page, { email: person.email, password: PASSWORD })).url,
      );
      expect(tokens.claims()?.['auth_time']).toBeGreaterThanOrEqual(since);
    }
  });

  it('is not somebody else than the id_token_hint says', async () => {
    const client = await provider.client();
    const [ada, bob] = [await provider.person(), await provider.person()];
    const one = await signInThroughPages(provider, client, ada.email);
    const two = await signInThroughPages(provider, client, bob.email);
    const { url } = await startSignIn(one.config, {
      prompt: 'none',
      id_token_hint: two.tokens.id_token as string,
    });
    const callback = await one.browser.get(url);
    expect(new URL(callback.url).searchParams.get('error')).toBe('login_required');
  });

  it('cannot change under a page: another account in a second tab ends the first sign-in', async () => {
    const client = await provider.client({ firstParty: false });
    const [ada, bob] = [await provider.person(), await provider.person()];
    const browser = new WebBrowser(provider.issuer);
    const config = await discover(provider.issuer, client);
    const tab = await startSignIn(config);
    const consent = await browser.submit(await browser.get(tab.url), {
      email: ada.email,
      password: PASSWORD,
    });
    expect(consent.html).toContain(ada.email);
    const second = await startSignIn(config, { prompt: 'login' });
    const page = await browser.get(second.url);
    const handOver = await browser.submit(page, { email: bob.email, password: PASSWORD });
    const asBob = handOver.html.includes('/oauth/logout/confirm')
      ? await browser.submit(handOver, {})
      : handOver;
    expect(asBob.html).toContain(bob.email);
    const late = await browser.submit(consent, { answer: 'allow' });
    expect(late.status).toBe(400);
    const [{ count }] = await provider.database.query(
      'SELECT count(*)::integer AS count FROM identity.sessions WHERE client_id = $1',
      [client.clientId],
    );
    expect(count).toBe(0);
  });

  it('allows a client of others only after consent, once', async () => {
    const client = await provider.client({ firstParty: false });
    const person = await provider.person();
    const browser = new WebBrowser(provider.issuer);
    const config = await discover(provider.issuer, client);
    const denied = await startSignIn(config);
    const consent = await browser.submit(await browser.get(denied.url), {
      email: person.email,
      password: PASSWORD,
    });
    const left = await browser.submit(consent, { answer: 'deny' });
    expect(new URL(left.url).searchParams.get('error')).toBe('access_denied');
    const allowed = await startSignIn(config);
    const tokens = await allowed.finish(
      (await browser.submit(await browser.get(allowed.url), { answer: 'allow' })).url,
    );
    expect(readToken(tokens.access_token)[1]['sub']).toBe(person.id);
    const again = await startSignIn(config);
    expect((await browser.get(again.url)).url).toContain('code=');
  });
});

describe('guesses (I5, I7)', () => {
  it('of passwords at the page are counted as at POST /auth/login, with equal answers', async () => {
    const login = { maxFailures: 3, maxFailuresPerAddress: 100, windowSeconds: 900 };
    const slow = await startTestOpenIdProvider({ login });
    try {
      const person = await slow.person();
      const client = await slow.client();
      const config = await discover(slow.issuer, client);
      const tryAs = async (email: string) => {
        const browser = new WebBrowser(slow.issuer);
        const page = await browser.get((await startSignIn(config)).url);
        const { status, html, headers } = await browser.submit(page, { email, password: 'wrong-password' });
        const same = html
          .replaceAll(email, 'EMAIL')
          .replaceAll(/sign_in=[\w-]+/g, 'sign_in=UID')
          .replace(/Wait \d+ seconds/, 'Wait');
        return { status, html: same, retryAfter: headers.get('retry-after') };
      };
      for (let attempt = 0; attempt < 4; attempt++) {
        const [known, unknown] = [await tryAs(person.email), await tryAs('nobody@example.com')];
        expect({ ...known, retryAfter: null }).toEqual({ ...unknown, retryAfter: null });
        expect(known.status).toBe(attempt < 3 ? 401 : 429);
        expect(known.retryAfter === null).toBe(attempt < 3);
        // Both are blocked for equally long, but for the time between the two requests.
        expect(Math.abs(Number(known.retryAfter) - Number(unknown.retryAfter))).toBeLessThanOrEqual(2);
      }
      const { status } = await slow.api.post('/auth/login', { email: person.email, password: PASSWORD });
      expect(status).toBe(429);
    } finally {
      await slow.close();
    }
  });

  it('of client secrets and device codes are slowed; the right secret works', async () => {
    const login = { maxFailures: 3, maxFailuresPerAddress: 100, windowSeconds: 900 };
    const slow = await startTestOpenIdProvider({ login });
    try {
      const { client, secret } = await slow.confidentialClient({
        grantTypes: ['client_credentials'],
        redirectUris: [],
      });
      const ask = async (given: string) => {
        const response = await fetch(`${slow.issuer}/oauth/token`, {
          method: 'POST',
          body: new URLSearchParams({
            grant_type: 'client_credentials',
            client_id: client.clientId,
            client_secret: given,
          }),
        });
        return [response.status, response.headers.get('retry-after')];
      };
      for (const guess of ['a', 'b', 'c']) expect(await ask(guess)).toEqual([401, null]);
      expect(await ask('d')).toEqual([429, '60']);
      expect(await ask(secret)).toEqual([200, null]);

      const browser = new WebBrowser(slow.issuer);
      let page = await browser.get(`${slow.issuer}/oauth/device/verify`);
      for (let attempt = 0; attempt < 3; attempt++) {
        page = await browser.submit(page, { user_code: 'BBBB-BBBB' });
        expect(page.html).toContain('No device waits');
      }
      page = await browser.submit(page, { user_code: 'BBBB-BBBB' });
      expect(page.status).toBe(429);
    } finally {
      await slow.close();
    }
  });
});

describe('what was not granted (I6)', () => {
  it('is refused', async () => {
    const client = await provider.client();
    const page = await new WebBrowser(provider.issuer).get(
      authorize({ client_id: client.clientId, redirect_uri: CALLBACK, resource: 'https://stranger.example' }),
    );
    expect(new URL(page.url).searchParams.get('error')).toBe('invalid_target');
  });

  it('is no userinfo: an ID token, a login token without scope, another issuer', async () => {
    const person = await provider.person();
    const { tokens } = await signInThroughPages(provider, await provider.client(), person.email);
    const login = await provider.api.post('/auth/login', { email: person.email, password: PASSWORD });
    const ask = async (token: string) => {
      const response = await fetch(`${provider.issuer}/oauth/userinfo`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return [response.status, response.headers.get('www-authenticate')];
    };
    expect(await ask(tokens.id_token as string)).toEqual([401, 'Bearer error="invalid_token"']);
    expect((await provider.api.as(tokens.id_token as string).get('/auth/me')).status).toBe(401);
    expect(await ask(login.data.token)).toEqual([403, 'Bearer error="insufficient_scope", scope="openid"']);
    expect(await ask('x')).toEqual([401, 'Bearer error="invalid_token"']);
  });

  it('ends when the client is disabled', async () => {
    const person = await provider.person();
    const client = await provider.client();
    const { config, tokens } = await signInThroughPages(provider, client, person.email);
    const { api } = await provider.signIn(['*']);
    expect((await api.patch(`/clients/${client.clientId}`, { status: 'disabled' })).status).toBe(200);
    expect((await provider.api.as(tokens.access_token).get('/auth/me')).status).toBe(401);
    await expect(oidc.refreshTokenGrant(config, tokens.refresh_token as string)).rejects.toThrow();
    const page = await new WebBrowser(provider.issuer).get(
      authorize({ client_id: client.clientId, redirect_uri: CALLBACK }),
    );
    expect([page.status, page.html.includes('invalid_client')]).toEqual([400, true]);
  });
});

describe('cookies (I9)', () => {
  it('are HttpOnly and SameSite, and bound to https and the host where the issuer has https', async () => {
    const client = await provider.client();
    const person = await provider.person();
    const { browser } = await signInThroughPages(provider, client, person.email);
    expect(browser.setCookies.length).toBeGreaterThan(0);
    for (const cookie of browser.setCookies) expect(cookie).toMatch(/; samesite=lax.*; httponly/i);

    const { databaseUrl, signing } = provider.settings;
    const secure = await startTestOpenIdProvider({
      databaseUrl,
      signing: { ...signing, issuer: 'https://id.example.com' },
      port: 0,
    });
    try {
      const base = new URL(secure.directUrl).origin;
      const discovery = await fetch(`${base}/.well-known/openid-configuration`);
      expect(await discovery.text()).not.toContain('http://');
      const path = authorize({ client_id: client.clientId, redirect_uri: CALLBACK }).slice(
        provider.issuer.length,
      );
      const response = await fetch(base + path, {
        redirect: 'manual',
        headers: { 'x-forwarded-host': 'evil.example' },
      });
      const cookies = response.headers.getSetCookie();
      expect(cookies.length).toBeGreaterThan(0);
      for (const cookie of cookies) expect(cookie).toMatch(/^__(Secure|Host)-twinkey[^;]*;.*; secure/i);
      expect(response.headers.get('location')).toMatch(/^\/oauth\/interaction\//);
    } finally {
      await secure.close();
    }
  });

  it('let two tabs sign in', async () => {
    const client = await provider.client();
    const person = await provider.person();
    const browser = new WebBrowser(provider.issuer);
    const config = await discover(provider.issuer, client);
    const tabs = [await startSignIn(config), await startSignIn(config)] as const;
    const pages = [await browser.get(tabs[0].url), await browser.get(tabs[1].url)] as const;
    for (const index of [0, 1] as const) {
      const callback = await browser.submit(pages[index], { email: person.email, password: PASSWORD });
      expect((await tabs[index].finish(callback.url)).access_token).toBeTruthy();
    }
  });
});

describe('odd input', () => {
  it.each([
    ['GET', '/oauth/authorize'],
    ['GET', '/oauth/authorize?client_id=%00'],
    ['GET', '/oauth/authorize?client_id=a&client_id=b'],
    ['GET', '/oauth/authorize/x'],
    ['GET', '/oauth/interaction/x'],
    ['GET', '/oauth/logout?id_token_hint=x'],
    ['GET', '/oauth/device/verify?user_code=%00'],
    ['POST', '/oauth/token'],
    ['POST', '/oauth/par'],
    ['POST', '/oauth/revoke'],
    ['POST', '/oauth/introspect'],
    ['POST', '/oauth/device'],
    ['POST', '/oauth/logout/confirm'],
    ['POST', '/oauth/device/verify'],
    ['POST', '/oauth/interaction/x'],
  ])('is a 4xx or a page: %s %s', async (method, path) => {
    const { clientId } = await provider.client();
    const bodies =
      method === 'GET'
        ? [undefined]
        : [
            '',
            'a=1',
            `client_id=${clientId}&token=%00&grant_type=refresh_token&refresh_token=%00`,
            '%',
            '\ud800',
          ];
    for (const body of bodies) {
      const response = await fetch(provider.issuer + path, {
        method,
        redirect: 'manual',
        headers: {
          accept: 'text/html',
          ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        body,
      });
      expect(response.status).toBeLessThan(500);
    }
  });

  it('in a parameter that cannot be stored is refused', async () => {
    const client = await provider.client();
    const page = await new WebBrowser(provider.issuer).get(
      authorize({ client_id: client.clientId, redirect_uri: CALLBACK, state: 'a\u0000b' }),
    );
    expect(page.url === '' ? 400 : page.status).toBeLessThan(500);
  });

  it('with a wrong method is a 405', async () => {
    const response = await fetch(`${provider.issuer}/oauth/token`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

it('expired rows are cleared away (I8)', async () => {
  await provider.database.query(
    `INSERT INTO identity.oauth_state (type, id, payload, expires_at)
     SELECT 'Interaction', 'expired-' || n, '{}', now() - interval '1 second' FROM generate_series(1, 3500) n`,
  );
  await deleteExpired(provider.database, EXPIRING_TABLES['expired-oauth-state']);
  const [{ count }] = await provider.database.query(
    "SELECT count(*)::integer AS count FROM identity.oauth_state WHERE id LIKE 'expired-%'",
  );
  expect(count).toBe(0);
});
