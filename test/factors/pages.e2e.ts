import * as oidc from 'openid-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Account } from '#libs/database/identity/account.entity.js';
import type { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { readToken } from '../support/keycloak-tokens.js';
import {
  CALLBACK,
  PASSWORD,
  startTestOpenIdProvider,
  type TestOpenIdProvider,
} from '../support/openid-provider.js';
import { type Faults, SoftwarePasskey } from '../support/software-passkey.js';
import { enrolTotp, totpCode, wrongTotpCode } from '../support/totp-app.js';
import { type VisitedPage, WebBrowser } from '../support/web-browser.js';

let provider: TestOpenIdProvider;
let client: OauthClient;
let config: oidc.Configuration;
beforeAll(async () => {
  const secondFactor = { requiredRoles: ['guarded'], trustedBrowsers: true };
  provider = await startTestOpenIdProvider({ secondFactor });
  client = await provider.client();
  config = await oidc.discovery(new URL(provider.issuer), client.clientId, undefined, oidc.None(), {
    execute: [oidc.allowInsecureRequests],
  });
});
afterAll(() => provider?.close());

/** Starts a sign-in: the page, and what exchanges the code that the application gets. */
async function start(browser: WebBrowser, parameters: Record<string, string> = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid email',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  const page = await browser.get(url.href);
  const finish = async ({ url }: VisitedPage) => {
    expect(url).toContain(CALLBACK);
    const tokens = await oidc.authorizationCodeGrant(config, new URL(url), { pkceCodeVerifier });
    return { tokens, id: tokens.claims()!, access: readToken(tokens.access_token)[1] };
  };
  return { page, finish };
}

const passwordOf = ({ email }: Account) => ({ email, password: PASSWORD });
const newBrowser = () => new WebBrowser(provider.issuer);
const secretOf = ({ html }: VisitedPage) =>
  /<p><code>([A-Z2-7 ]+)<\/code><\/p>/.exec(html)![1]!.replaceAll(' ', '');
const isCodePage = ({ html }: VisitedPage) => html.includes('id="code"') && !html.includes('id="email"');
/** The options that the page's script asks for. */
const optionsOf = async (browser: WebBrowser, page: VisitedPage) => {
  expect(page.html).toContain('data-passkey');
  const answer = await browser.submit({ ...page, url: `${page.url}/passkey-options`, html: '' }, {});
  return JSON.parse(answer.html);
};

async function enrolled() {
  const person = await provider.person();
  const api = await provider.sessionOf(person);
  return { person, api, ...(await enrolTotp(api)) };
}

async function withPasskey(faults: Faults = {}) {
  const person = await provider.person();
  const api = await provider.sessionOf(person);
  const handle = Buffer.from(person.id.replaceAll('-', ''), 'hex').toString('base64url');
  const passkey = new SoftwarePasskey(provider.issuer, handle);
  const { data: options } = await api.post('/auth/factors/passkeys/options', {});
  const added = await api.post('/auth/factors/passkeys', passkey.create(options, faults));
  if (added.status !== 201) throw new Error(`The passkey was not added: ${added.status}`);
  return { person, api, passkey };
}

describe('after the password', () => {
  it('the page asks for a code, and the tokens say so', async () => {
    const { person, secret } = await enrolled();
    const browser = newBrowser();
    const { page, finish } = await start(browser);
    const asked = await browser.submit(page, passwordOf(person));
    expect([asked.status, isCodePage(asked)]).toEqual([200, true]);
    const wrong = await browser.submit(asked, { code: wrongTotpCode(secret) });
    expect([wrong.status, wrong.html.includes('code-problem')]).toEqual([401, true]);
    const code = totpCode(secret);
    const { id, access } = await finish(await browser.submit(wrong, { code }));
    const methods = { amr: ['pwd', 'otp', 'mfa'], acr: '2', auth_time: expect.any(Number) };
    expect(id).toMatchObject(methods);
    expect(access).toMatchObject(methods);

    const other = newBrowser();
    const { page: again } = await start(other);
    const second = await other.submit(await other.submit(again, passwordOf(person)), { code });
    expect([second.status, isCodePage(second)]).toEqual([401, true]);
  });

  it('a recovery code works once', async () => {
    const { person, recoveryCodes } = await enrolled();
    const [code = ''] = recoveryCodes;
    const statuses: boolean[] = [];
    for (const browser of [newBrowser(), newBrowser()]) {
      const { page } = await start(browser);
      const answer = await browser.submit(await browser.submit(page, passwordOf(person)), { code });
      statuses.push(answer.url.startsWith(CALLBACK));
    }
    expect(statuses).toEqual([true, false]);
  });

  it('the page can be loaded again, left by going back, and ends when the password changes', async () => {
    const { person, secret } = await enrolled();
    const browser = newBrowser();
    const { page } = await start(browser);
    const asked = await browser.submit(page, passwordOf(person));
    expect(isCodePage(await browser.get(asked.url))).toBe(true);
    const back = await browser.submit(page, { email: person.email, password: 'wrong-password' });
    expect([back.status, back.html.includes('id="password"')]).toEqual([401, true]);
    await browser.submit(page, passwordOf(person));
    expect((await browser.submit(asked, { restart: 'yes' })).html).toContain('id="password"');

    const pending = await browser.submit(page, passwordOf(person));
    await provider.database.query(`UPDATE identity.accounts SET password_hash = 'x' WHERE id = $1`, [
      person.id,
    ]);
    expect((await browser.submit(pending, { code: totpCode(secret) })).html).toContain('id="password"');
  });

  it("another browser cannot use one's progress", async () => {
    const { person, secret } = await enrolled();
    const [own, other] = [newBrowser(), newBrowser()];
    const asked = await own.submit((await start(own)).page, passwordOf(person));
    await start(other);
    expect((await other.submit(asked, { code: totpCode(secret) })).status).toBe(400);
  });
});

describe('a role that requires a second factor', () => {
  let guarded: { id: string };
  beforeAll(async () => {
    guarded = await provider.make.role([], { name: 'guarded' });
  });

  /** A browser at the page that sets a second factor up. */
  async function settingUp() {
    const person = await provider.person({ roleId: guarded.id });
    const browser = newBrowser();
    const { page, finish } = await start(browser);
    const setup = await browser.submit(page, passwordOf(person));
    const answer = await browser.submit({ ...setup, url: `${setup.url}/passkey-options`, html: '' }, {});
    const handle = Buffer.from(person.id.replaceAll('-', ''), 'hex').toString('base64url');
    const { options } = JSON.parse(answer.html);
    const credential = () => JSON.stringify(new SoftwarePasskey(provider.issuer, handle).create(options));
    return { person, browser, setup, finish, credential };
  }
  const kindsOf = async ({ id }: Account): Promise<string[]> => {
    const query = 'SELECT kind FROM identity.factors WHERE account_id = $1 AND confirmed_at IS NOT NULL';
    return (await provider.database.query(query, [id])).map(({ kind }: { kind: string }) => kind).sort();
  };

  it('accepts a passkey, and refuses broken ones', async () => {
    const { person, browser, setup, finish, credential } = await settingUp();
    const broken = await browser.submit(setup, { credential: '{"response":{"clientDataJSON":1}}' });
    expect([broken.status, broken.html.includes('data-options')]).toEqual([422, true]);
    expect((await browser.submit(setup, { credential: 'x' })).status).toBe(422);
    const codes = await browser.submit(setup, { credential: credential() });
    expect(codes.html.match(/([A-Z2-7]{4}-){3}[A-Z2-7]{4}/g)).toHaveLength(10);
    const { id } = await finish(await browser.submit(codes, { continue: 'yes' }));
    expect(id).toMatchObject({ sub: person.id, amr: ['pwd', 'hwk', 'mfa'], acr: '2' });
    expect(await kindsOf(person)).toEqual(['passkey', 'recovery_codes']);
  });

  it('adds nothing where the account got a second factor, or another password, meanwhile', async () => {
    const first = await settingUp();
    await enrolTotp(await provider.sessionOf(first.person));
    const late = await first.browser.submit(first.setup, { credential: first.credential() });
    expect(late.html).toContain('id="password"');
    expect([late.status, late.html.includes('a second factor now. Sign in again.')]).toEqual([409, true]);
    expect(await kindsOf(first.person)).toEqual(['recovery_codes', 'totp']);

    const second = await settingUp();
    const api = await provider.sessionOf(second.person);
    await api.post('/auth/password', { current_password: PASSWORD, new_password: `${PASSWORD}4` });
    const stolen = await second.browser.submit(second.setup, { credential: second.credential() });
    expect(stolen.html).toContain('id="password"');
    expect(await kindsOf(second.person)).toEqual([]);
  });

  it('goes on where its form is sent twice: with the codes in one answer, and without them in the others', async () => {
    const { person, browser, setup, finish } = await settingUp();
    const code = totpCode(secretOf(setup));
    const send = () => browser.submit(setup, { code });
    const answers = await Promise.all([send(), send()]);
    answers.push(await send());
    const shown = answers.map(({ html }) => html.match(/([A-Z2-7]{4}-){3}[A-Z2-7]{4}/g)?.length ?? 0);
    expect(shown.sort()).toEqual([0, 0, 10]);
    expect(answers.filter(({ html }) => html.includes('codes were shown once'))).toHaveLength(2);
    const { id } = await finish(await browser.submit(setup, { continue: 'yes' }));
    expect(id).toMatchObject({ sub: person.id, amr: ['pwd', 'otp', 'mfa'] });
    expect(await kindsOf(person)).toEqual(['recovery_codes', 'totp']);
  });

  it('leads through setting one up, by inheritance too', async () => {
    const role = await provider.make.role([], { parentId: guarded.id });
    const person = await provider.person({ roleId: role.id });
    const browser = newBrowser();
    const { page, finish } = await start(browser);
    const setup = await browser.submit(page, passwordOf(person));
    expect(setup.html).toContain('data:image/svg+xml;base64,');
    const secret = secretOf(setup);
    expect((await browser.get(setup.url)).html).toContain(setup.html.match(/base64,[^"]+/)![0]);
    const wrong = await browser.submit(setup, { code: wrongTotpCode(secret) });
    expect([wrong.status, wrong.html.includes('code-problem')]).toEqual([422, true]);
    const codes = await browser.submit(wrong, { code: totpCode(secret) });
    expect(codes.html.match(/([A-Z2-7]{4}-){3}[A-Z2-7]{4}/g)).toHaveLength(10);
    expect((await browser.get(codes.url)).html).not.toMatch(/([A-Z2-7]{4}-){3}/);
    const { id } = await finish(await browser.submit(codes, { continue: 'yes' }));
    expect(id).toMatchObject({ sub: person.id, amr: ['pwd', 'otp', 'mfa'], acr: '2' });
  });
});

describe('a step up', () => {
  it('acr_values=2 asks a signed-in browser for a second factor, and prompt=none says login_required', async () => {
    const { person, secret } = await enrolled();
    await provider.database.query('DELETE FROM identity.factors WHERE account_id = $1', [person.id]);
    const browser = newBrowser();
    const first = await start(browser);
    const { id } = await first.finish(await browser.submit(first.page, passwordOf(person)));
    expect(id).toMatchObject({ amr: ['pwd'], acr: '1' });
    // The browser is signed in.
    const silent = await start(browser, { prompt: 'none', acr_values: '2 1' });
    expect((await silent.finish(silent.page)).id).toMatchObject({ acr: '1' });
    const refused = await start(browser, { prompt: 'none', acr_values: '2' });
    expect(new URL(refused.page.url).searchParams.get('error')).toBe('login_required');

    const app = await enrolTotp(await provider.sessionOf(person));
    expect(app.secret).not.toBe(secret);
    const stepUp = await start(browser, { acr_values: '2' });
    const asked = await browser.submit(stepUp.page, passwordOf(person));
    const { id: raised, access } = await stepUp.finish(
      await browser.submit(asked, { code: totpCode(app.secret) }),
    );
    expect([raised['acr'], access['acr']]).toEqual(['2', '2']);
    const again = await start(browser, { prompt: 'none', acr_values: '2' });
    expect((await again.finish(again.page)).id).toMatchObject({ acr: '2' });
  });

  it('sets one up for an account without a second factor', async () => {
    const person = await provider.person();
    const browser = newBrowser();
    const { page } = await start(browser, { acr_values: '2' });
    const setup = await browser.submit(page, passwordOf(person));
    expect(setup.html).toContain('data:image/svg+xml;base64,');
  });

  it('max_age=0 asks again, and auth_time is new', async () => {
    const { person, secret } = await enrolled();
    const browser = newBrowser();
    const first = await start(browser);
    const asked = await browser.submit(first.page, passwordOf(person));
    const { id } = await first.finish(await browser.submit(asked, { code: totpCode(secret) }));
    const second = await start(browser, { max_age: '0' });
    expect(second.page.html).toContain('id="password"');
    const next = await browser.submit(second.page, passwordOf(person));
    const { id: later, access } = await second.finish(
      await browser.submit(next, { code: totpCode(secret, 1) }),
    );
    expect(later['auth_time']).toBeGreaterThanOrEqual(id['auth_time'] as number);
    expect(Math.abs((access['auth_time'] as number) - (later['auth_time'] as number))).toBeLessThanOrEqual(1);
  });
});

describe('a trusted browser', () => {
  async function trusting() {
    const made = await enrolled();
    const browser = newBrowser();
    const { page } = await start(browser);
    const asked = await browser.submit(page, passwordOf(made.person));
    const done = await browser.submit(asked, { code: totpCode(made.secret), trust: 'yes' });
    expect(done.url).toContain(CALLBACK);
    const cookie = browser.setCookies.find((line) => line.startsWith('twinkey-trusted='));
    expect(cookie).toMatch(/^twinkey-trusted=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/);
    const asksForCode = async (parameters: Record<string, string> = {}) => {
      const next = await start(browser, { prompt: 'login', ...parameters });
      return isCodePage(await browser.submit(next.page, passwordOf(made.person)));
    };
    return { ...made, browser, asksForCode };
  }

  it('needs no code, except for a step up and for another account', async () => {
    const { asksForCode, browser, person } = await trusting();
    const { page, finish } = await start(browser, { prompt: 'login' });
    const { id } = await finish(await browser.submit(page, passwordOf(person)));
    expect(id).toMatchObject({ amr: ['pwd'], acr: '1' });
    expect(await asksForCode({ acr_values: '2' })).toBe(true);
    const other = await enrolled();
    const next = await start(browser, { prompt: 'login' });
    expect(isCodePage(await browser.submit(next.page, passwordOf(other.person)))).toBe(true);
  });

  it.each<[string, (made: Awaited<ReturnType<typeof enrolled>>) => Promise<unknown>]>([
    ['logout-all', ({ api }) => api.post('/auth/logout-all')],
    [
      'a new password',
      ({ api }) => api.post('/auth/password', { current_password: PASSWORD, new_password: `${PASSWORD}4` }),
    ],
    [
      'the removal of a factor',
      async ({ api }) => {
        const { id } = await enrolTotp(api);
        return api.delete(`/auth/factors/${id}`);
      },
    ],
  ])('is forgotten with %s', async (_, end) => {
    const made = await trusting();
    const trusted = () =>
      provider.database.query('SELECT FROM identity.trusted_browsers WHERE account_id = $1', [
        made.person.id,
      ]);
    expect(await trusted()).toHaveLength(1);
    await end(made);
    expect(await trusted()).toHaveLength(0);
  });
});

describe('a passkey', () => {
  const submit = (browser: WebBrowser, page: VisitedPage, credential: object) =>
    browser.submit(page, { credential: JSON.stringify(credential) });

  it('signs in alone', async () => {
    const { person, passkey } = await withPasskey();
    const browser = newBrowser();
    const { page, finish } = await start(browser);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    expect(await optionsOf(browser, page)).toMatchObject({ userVerification: 'required', rpId: 'localhost' });
    const { id } = await finish(await submit(browser, page, passkey.get(await optionsOf(browser, page))));
    expect(id).toMatchObject({ sub: person.id, amr: ['hwk', 'mfa'], acr: '2' });
  });

  it('is a second factor, also without user verification', async () => {
    const { person, passkey } = await withPasskey();
    const browser = newBrowser();
    const { page, finish } = await start(browser);
    const asked = await browser.submit(page, passwordOf(person));
    const answer = passkey.get(await optionsOf(browser, asked), { isUserVerified: false, userHandle: null });
    const { id } = await finish(await submit(browser, asked, answer));
    expect(id).toMatchObject({ amr: ['pwd', 'hwk', 'mfa'], acr: '2' });
  });

  it.each<[string, Faults]>([
    ['from another origin', { origin: 'https://evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['with an unknown challenge', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
    ['without user verification', { isUserVerified: false }],
    ['whose counter stands still', { counter: 1 }],
    ['that names another user', { userHandle: Buffer.alloc(16).toString('base64url') }],
    ['that names no user', { userHandle: null }],
  ])('alone %s is refused', async (_, faults) => {
    const { passkey } = await withPasskey();
    const browser = newBrowser();
    const { page } = await start(browser);
    const refused = await submit(browser, page, passkey.get(await optionsOf(browser, page), faults));
    expect([refused.status, refused.html.includes('id="password"')]).toEqual([401, true]);
    expect((await submit(browser, refused, passkey.get(await optionsOf(browser, refused)))).url).toContain(
      CALLBACK,
    );
  });

  it('whose counter goes back is refused', async () => {
    const { passkey } = await withPasskey({ counter: 9 });
    const browser = newBrowser();
    const { page } = await start(browser);
    expect(
      (await submit(browser, page, passkey.get(await optionsOf(browser, page), { counter: 8 }))).status,
    ).toBe(401);
  });

  it("with a used, or another sign-in's challenge is refused", async () => {
    const { passkey } = await withPasskey();
    const [first, second] = [newBrowser(), newBrowser()];
    const own = await start(first);
    const foreign = await start(second);
    const answer = passkey.get(await optionsOf(first, own.page));
    expect((await submit(second, foreign.page, answer)).status).toBe(401);
    expect((await submit(first, own.page, answer)).url).toContain(CALLBACK);
    const again = await start(first, { prompt: 'login' });
    expect((await submit(first, again.page, answer)).status).toBe(401);
  });

  it("of another account is no second factor, and a stranger's signs nobody in", async () => {
    const [ada, eve] = [await withPasskey(), await withPasskey()];
    const browser = newBrowser();
    const { page } = await start(browser);
    const stranger = new SoftwarePasskey(provider.issuer, '');
    expect((await submit(browser, page, stranger.get(await optionsOf(browser, page)))).status).toBe(401);
    const asked = await browser.submit(page, passwordOf(ada.person));
    const refused = await submit(browser, asked, eve.passkey.get(await optionsOf(browser, asked)));
    expect([refused.status, isCodePage(refused)]).toEqual([401, true]);
  });

  it('of a disabled account, and broken JSON, are refused', async () => {
    const { person, passkey } = await withPasskey();
    const browser = newBrowser();
    const { page } = await start(browser);
    const broken = await browser.submit(page, { credential: '{"response":{"clientDataJSON":1}}' });
    expect(broken.status).toBe(401);
    expect((await browser.submit(broken, { credential: 'x' })).status).toBe(401);
    await provider.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [
      person.id,
    ]);
    const { page: next } = await start(browser);
    expect((await submit(browser, next, passkey.get(await optionsOf(browser, next)))).status).toBe(403);
  });
});
