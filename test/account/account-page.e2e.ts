import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT_CLIENT_ID } from '#apps/identity-provider/src/oauth/clients/account-client.js';
import type { Account } from '#libs/database/identity/account.entity.js';
import { auditRows } from '../support/audit.js';
import { unique } from '../support/factories.js';
import { type MailServer, startMailServer } from '../support/mail-server.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { SoftwarePasskey } from '../support/software-passkey.js';
import { enrolTotp, totpCode, wrongTotpCode } from '../support/totp-app.js';
import { type VisitedPage, WebBrowser } from '../support/web-browser.js';
import { SignedInBrowser } from './signed-in-browser.js';

const NEXT = 'another horse battery';
const CODES = /([A-Z2-7]{4}-){3}[A-Z2-7]{4}/g;
const FORMS = ['name', 'email', 'password', 'authenticator', 'passkey', 'recovery-codes'];

let mail: MailServer;
let provider: TestOpenIdProvider;
beforeAll(async () => {
  mail = await startMailServer();
  provider = await startTestOpenIdProvider({ mail: mail.settings });
});
afterAll(async () => {
  await provider?.close();
  await mail?.close();
});

const signIn = (person: Account) => SignedInBrowser.start(provider, person);
const signedIn = async (overrides: Partial<Account> = {}) => {
  const person = await provider.person(overrides);
  return { person, browser: await signIn(person) };
};
const rowOf = async ({ id }: Account) =>
  (await provider.database.query('SELECT * FROM identity.accounts WHERE id = $1', [id]))[0];
const factorsOf = ({ id }: Account): Promise<{ id: string; kind: string }[]> =>
  provider.database.query(
    'SELECT id, kind FROM identity.factors WHERE account_id = $1 AND confirmed_at IS NOT NULL ORDER BY created_at',
    [id],
  );
const sessionsOf = ({ id }: Account): Promise<{ id: string }[]> =>
  provider.database.query('SELECT id FROM identity.sessions WHERE account_id = $1 ORDER BY id', [id]);
const login = async (email: string, password: string) =>
  (await provider.api.post('/auth/login', { email, password })).status;
const pathOf = ({ url }: VisitedPage) => url.slice(provider.issuer.length);
const asksPassword = ({ html }: { html: string }) => html.includes('name="current_password"');
const secretOf = ({ html }: VisitedPage) =>
  /<p><code>([A-Z2-7 ]+)<\/code><\/p>/.exec(html)![1]!.replaceAll(' ', '');

/** Adds an authenticator app on the pages. */
async function addApp(browser: SignedInBrowser) {
  const picture = await browser.submit('/account/authenticator', { name: 'My phone' });
  const secret = secretOf(picture);
  // The current code stays unused.
  const added = await browser.browser.submit(picture, { code: totpCode(secret, -1) });
  return { picture, added, secret };
}

describe('the account page', () => {
  it('signs in, comes back to its own address, and shows the account', async () => {
    const { person, browser } = await signedIn({ firstName: 'Ada', lastName: 'Lovelace' });
    const { arrival } = browser;
    expect([arrival.status, pathOf(arrival)]).toEqual([200, '/account']);
    expect(arrival.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*frame-ancestors 'none'/,
    );
    expect(arrival.headers.get('content-security-policy')).not.toContain('script-src');
    expect(arrival.headers.get('cache-control')).toBe('no-store');
    for (const text of [person.email, 'Ada Lovelace', 'Firefox, Linux', 'This browser'])
      expect(arrival.html).toContain(text);
    expect(arrival.html).not.toContain(ACCOUNT_CLIENT_ID);
  });

  it('leads a browser without a sign-in to the sign-in page, also after a form', async () => {
    const browser = new WebBrowser(provider.issuer);
    for (const path of ['', ...FORMS.map((name) => `/${name}`), '/factor'])
      expect((await browser.get(`${provider.issuer}/account${path}`)).html).toContain('id="password"');
    const posted = await fetch(`${provider.issuer}/account/name`, {
      method: 'POST',
      body: new URLSearchParams({ first_name: 'Eve' }),
      redirect: 'manual',
    });
    expect([posted.status, posted.headers.get('location')]).toEqual([303, '/account']);
  });

  it('does not go round and round where the browser keeps no cookies', async () => {
    const response = await fetch(`${provider.issuer}/account?code=x`, { redirect: 'manual' });
    expect([response.status, (await response.text()).includes('You are not signed in')]).toEqual([401, true]);
  });

  it('ends with the session and with the account', async () => {
    const { person, browser } = await signedIn();
    const other = await signIn(person);
    const [{ id } = { id: '' }] = await provider.database.query(
      'SELECT id FROM identity.sessions WHERE account_id = $1 AND sign_in_id IS NULL ORDER BY created_at',
      [person.id],
    );
    await provider.database.query('DELETE FROM identity.sessions WHERE id = $1', [id]);
    expect((await browser.get('/account')).html).toContain('id="password"');
    expect(pathOf(await other.get('/account'))).toBe('/account');
    await provider.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [
      person.id,
    ]);
    expect((await other.get('/account')).html).toContain('id="password"');
  });

  it('has a client whose codes nobody can exchange, and whose id nobody can take', async () => {
    const { api } = await provider.signIn(['*']);
    const body = { name: 'Fake', type: 'public', redirect_uris: ['https://evil.example/'] };
    for (const client_id of [ACCOUNT_CLIENT_ID, ACCOUNT_CLIENT_ID.toUpperCase()])
      expect(await api.post('/clients', { ...body, client_id })).toMatchObject({ status: 422 });
    const answers = await Promise.all(
      ['', 'no secret matches'].map((client_secret) =>
        fetch(`${provider.issuer}/oauth/token`, {
          method: 'POST',
          body: new URLSearchParams({
            client_id: ACCOUNT_CLIENT_ID,
            ...(client_secret ? { client_secret } : {}),
            grant_type: 'authorization_code',
            code: 'x',
            redirect_uri: `${provider.issuer}/account`,
            code_verifier: 'v'.repeat(43),
          }),
        }),
      ),
    );
    for (const answer of answers) expect(await answer.json()).toMatchObject({ error: 'invalid_client' });
  });
});

describe('a form of the account page', () => {
  it('that another site, no page, or the page of another sign-in sends changes nothing', async () => {
    const { person, browser } = await signedIn();
    const other = await signIn(person);
    const stranger = await signedIn();
    const [own, foreign, strange] = await Promise.all(
      [browser, other, stranger.browser].map((each) => each.formToken()),
    );
    const before = await rowOf(person);
    const name = { first_name: 'Eve' };
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    const post = browser.post.bind(browser, '/account/name');
    expect((await post({ ...name, form_token: own as string }, crossSite)).status).toBe(400);
    for (const form_token of ['', 'x', foreign as string, strange as string, `${own}x`])
      expect((await post({ ...name, form_token })).status).toBe(403);
    expect(await rowOf(person)).toEqual(before);
    expect((await post({ ...name, form_token: own as string })).status).toBe(303);
    const sessions = await sessionsOf(person);
    expect((await browser.post('/account/sessions', { all: 'yes' })).status).toBe(403);
    expect(await sessionsOf(person)).toEqual(sessions);
  });

  it('is not needed for a GET, which changes nothing', async () => {
    const { person, browser } = await signedIn();
    await enrolTotp(await provider.sessionOf(person));
    const state = async () => [await rowOf(person), await factorsOf(person), await sessionsOf(person)];
    const before = await state();
    const [factor] = await factorsOf(person);
    const query = `?id=${factor?.id}&all=yes&first_name=Eve&form_token=${await browser.formToken()}`;
    for (const path of ['', ...FORMS.map((name) => `/${name}`), '/factor', '/sessions', '/passkey/options'])
      await browser.get(`/account${path}${query}`);
    expect(await state()).toEqual(before);
  });

  it('changes the name, and shows what is wrong with it', async () => {
    const { person, browser } = await signedIn();
    const done = await browser.submit('/account/name', { first_name: ' Ada ', last_name: '' });
    expect(pathOf(done)).toBe('/account?done=name');
    expect(await rowOf(person)).toMatchObject({ first_name: 'Ada', last_name: null });
    const [event] = await auditRows(
      provider.database,
      `action = 'account.updated' AND target_id = $1`,
      person.id,
    );
    expect(event).toMatchObject({
      actor_sub: person.id,
      actor_name: person.email,
      client_id: ACCOUNT_CLIENT_ID,
    });
    const refused = await browser.submit('/account/name', { first_name: 'A\u0007', last_name: '' });
    expect([refused.status, refused.html.includes('id="first_name-problem"')]).toEqual([422, true]);
  });

  it('changes the email by a mail to the new address', async () => {
    const { person, browser } = await signedIn();
    const email = `${unique('next')}@example.com`;
    const wrong = await browser.submit('/account/email', { email, current_password: 'wrong' });
    expect([wrong.status, wrong.html.includes('id="current_password-problem"')]).toEqual([422, true]);
    await browser.browser.submit(wrong, { email, current_password: PASSWORD });
    const token = await mail.nextToken(email);
    await provider.api.post('/auth/verify-email', { token });
    expect((await rowOf(person)).email).toBe(email);
    expect((await browser.get('/account')).html).toContain(email);
  });

  it('cannot change where no mail can be sent, nor by API', async () => {
    const { signing, databaseUrl } = provider.settings;
    const mail = { ...provider.settings.mail, server: null };
    const overrides = { signing, databaseUrl, mail, environment: 'production' as const, port: 0 };
    const silent = await startTestOpenIdProvider(overrides);
    try {
      const browser = new WebBrowser(provider.issuer, {}, [new URL(silent.directUrl).origin]);
      const person = await provider.person();
      const page = await SignedInBrowser.start(provider, person, browser);
      expect(page.arrival.html).not.toContain('/account/email');
      expect(pathOf(await page.get('/account/email'))).toBe('/account');
      const email = `${unique('next')}@example.com`;
      const form = page.arrival.html.replaceAll('/account/sessions', '/account/email');
      const sent = await browser.submit(
        { ...page.arrival, html: form },
        { email, current_password: PASSWORD },
      );
      expect(pathOf(sent)).toBe('/account');
      const credentials = { email: person.email, password: PASSWORD };
      const { data } = await silent.api.post('/auth/login', credentials);
      const change = { email, current_password: PASSWORD };
      const refused = await silent.api.as(data.token).post('/auth/email', change);
      expect(refused).toMatchObject({ status: 503, errors: ['- mail_unavailable'] });
      const links = 'SELECT FROM identity.account_links WHERE account_id = $1';
      expect(await provider.database.query(links, [person.id])).toEqual([]);
    } finally {
      await silent.close();
    }
  });

  it('changes the password, ends the other sessions and those of applications, and tells the owner', async () => {
    const { person, browser } = await signedIn();
    const other = await signIn(person);
    const shop = await provider.client({ name: unique('Shop') });
    expect(await browser.openApplication(shop)).toBeDefined();
    expect((await browser.get('/account')).html).toContain(`Applications: ${shop.name}`);
    const weak = { current_password: PASSWORD, new_password: 'password' };
    const refused = await browser.submit('/account/password', weak);
    expect([refused.status, refused.html.includes('id="new_password-problem"')]).toEqual([422, true]);
    const change = { current_password: PASSWORD, new_password: NEXT };
    const done = await browser.browser.submit(refused, change);
    expect(pathOf(done)).toBe('/account?done=password');
    expect(done.html).not.toContain(shop.name);
    expect(await browser.sessionOf(shop.clientId)).toBeUndefined();
    expect(await login(person.email, NEXT)).toBe(200);
    expect((await other.get('/account')).html).toContain('id="password"');
    expect((await mail.next(person.email)).subject).toBe('Your password was changed');
  });
});

describe('the second factors', () => {
  it('start with an authenticator app and recovery codes, which are shown once', async () => {
    const { person, browser } = await signedIn();
    const { picture, added } = await addApp(browser);
    expect(added.html.match(CODES)).toHaveLength(10);
    expect((await browser.get(pathOf(picture))).html).not.toContain('base64,');
    expect((await factorsOf(person)).map(({ kind }) => kind)).toEqual(['totp', 'recovery_codes']);
    const overview = await browser.get('/account');
    for (const text of ['My phone', '10 of 10 are left']) expect(overview.html).toContain(text);
    expect(overview.html).not.toMatch(CODES);
    expect(pathOf((await addApp(browser)).added)).toBe('/account?done=factor_added');
  });

  it('count once where their form is sent twice, and say how to get codes', async () => {
    const { person, browser } = await signedIn();
    const picture = await browser.submit('/account/authenticator', {});
    const send = () => browser.browser.submit(picture, { code: totpCode(secretOf(picture)) });
    const answers = await Promise.all([send(), send()]);
    const paths = ['/account/authenticator', '/account?done=factor_present'];
    expect(answers.map(pathOf).sort()).toEqual(paths);
    const again = await send();
    expect([pathOf(again), again.html.includes('make new ones')]).toEqual([paths[1], true]);
    expect(await factorsOf(person)).toHaveLength(2);
  });

  it('ask for the right code, on a page that can be loaded again', async () => {
    const { person, browser } = await signedIn();
    const picture = await browser.submit('/account/authenticator', { name: '' });
    expect((await browser.get(pathOf(picture))).html).toContain(secretOf(picture).slice(0, 4));
    const refused = await browser.browser.submit(picture, { code: wrongTotpCode(secretOf(picture)) });
    expect([refused.status, refused.html.includes('id="code-problem"')]).toEqual([422, true]);
    expect(secretOf(refused)).toBe(secretOf(picture));
    const stranger = await signedIn();
    expect(pathOf(await stranger.browser.get(pathOf(picture)))).toBe('/account/authenticator');
    expect(await factorsOf(person)).toEqual([]);
  });

  it('take a passkey with the options of this account alone', async () => {
    const { person, browser } = await signedIn();
    const handle = Buffer.from(person.id.replaceAll('-', ''), 'hex').toString('base64url');
    const passkey = new SoftwarePasskey(provider.issuer, handle);
    const form_token = await browser.formToken();
    const options = async (of = browser, token = form_token) =>
      JSON.parse((await of.post('/account/passkey/options', { form_token: token })).text).options;
    const add = (credential: object, to = browser, token = form_token) =>
      to.post('/account/passkey', {
        form_token: token,
        name: 'Key',
        credential: JSON.stringify(credential),
      });
    const stranger = (await signedIn()).browser;
    const strange = await stranger.formToken();
    expect((await browser.post('/account/passkey/options', {})).status).toBe(403);
    const wrong = passkey.create(await options(), { origin: 'https://evil.example' });
    expect((await add(wrong)).status).toBe(422);
    expect((await add(passkey.create(await options(stranger, strange)))).status).toBe(422);
    expect((await browser.post('/account/passkey', { form_token, credential: '[' })).status).toBe(422);
    const credential = passkey.create(await options());
    const added = await add(credential);
    expect([added.status, added.text.match(CODES)?.length]).toEqual([200, 10]);
    const again = await add(credential);
    expect([again.status, again.location]).toEqual([303, '/account?done=factor_present']);
    expect((await factorsOf(person)).map(({ kind }) => kind)).toEqual(['passkey', 'recovery_codes']);
    const taken = await add(passkey.create(await options(stranger, strange)), stranger, strange);
    expect([taken.status, taken.text.includes('This passkey was added already.')]).toEqual([409, true]);
    const anonymous = await fetch(`${provider.issuer}/account/passkey/options`, { method: 'POST' });
    expect(anonymous.status).toBe(401);
    const page = await browser.get('/account/passkey');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  });

  it('are removed by their owner alone, after a question', async () => {
    const { person, browser } = await signedIn();
    const stranger = await signedIn();
    await addApp(browser);
    const [app] = await factorsOf(person);
    const page = await browser.get(`/account/factor?id=${app?.id}`);
    expect(page.html).toContain('It is your only second factor');
    expect(pathOf(await stranger.browser.get(`/account/factor?id=${app?.id}`))).toBe('/account');
    const form_token = await stranger.browser.formToken();
    await stranger.browser.post('/account/factor', { form_token, id: app?.id as string });
    expect(await factorsOf(person)).toHaveLength(2);
    expect(pathOf(await browser.browser.submit(page, {}))).toBe('/account?done=factor_removed');
    expect(await factorsOf(person)).toEqual([]);
  });

  it('give new recovery codes', async () => {
    const { browser } = await signedIn();
    const none = await browser.submit('/account/recovery-codes', {});
    expect(none.status).toBe(409);
    const { added } = await addApp(browser);
    const renewed = await browser.submit('/account/recovery-codes', {});
    expect(renewed.html.match(CODES)).toHaveLength(10);
    expect(renewed.html.match(CODES)).not.toEqual(added.html.match(CODES));
  });
});

describe('a sign-in that is older than ten minutes', () => {
  it('needs the current password for every change of a factor', async () => {
    const { person, browser } = await signedIn();
    await addApp(browser);
    await browser.growOld(person);
    const [app] = await factorsOf(person);
    const paths = ['/account/authenticator', '/account/recovery-codes', `/account/factor?id=${app?.id}`];
    for (const path of paths) {
      const page = await browser.get(path);
      expect(asksPassword(page)).toBe(true);
      const [missing, wrong] = [
        await browser.browser.submit(page, {}),
        await browser.browser.submit(page, { current_password: 'wrong' }),
      ];
      expect([missing.status, wrong.status]).toEqual([403, 422]);
      for (const refused of [missing, wrong]) expect(refused.html).toContain('id="current_password-problem"');
    }
    const form_token = await browser.formToken();
    const options = (fields: Record<string, string>) =>
      browser.post('/account/passkey/options', { form_token, ...fields });
    expect((await options({})).status).toBe(403);
    expect(JSON.parse((await options({ current_password: 'wrong' })).text)).toEqual({
      problem: 'The current password is wrong.',
    });
    expect((await options({ current_password: PASSWORD })).status).toBe(200);
    const credential = JSON.stringify({ id: 'x', rawId: 'x', type: 'public-key', response: {} });
    expect((await browser.post('/account/passkey', { form_token, credential })).status).toBe(403);
    expect(await factorsOf(person)).toHaveLength(2);
    const proof = { current_password: PASSWORD };
    expect(pathOf(await browser.submit(paths[2] as string, proof))).toBe('/account?done=factor_removed');
  });

  it('becomes recent by signing in again, and stays the same session', async () => {
    const { person, browser } = await signedIn();
    await browser.growOld(person);
    const sessions = await sessionsOf(person);
    const page = await browser.get('/account/sign-in');
    const { email } = person;
    expect(pathOf(await browser.browser.submit(page, { email, password: PASSWORD }))).toBe('/account');
    expect(asksPassword(await browser.get('/account/authenticator'))).toBe(false);
    expect(await sessionsOf(person)).toEqual(sessions);
  });
});

describe('the sessions', () => {
  it('end one by one, with their applications, and only those of the account', async () => {
    const { person, browser } = await signedIn();
    const other = await signIn(person);
    const stranger = await signedIn();
    const shop = await provider.client({ name: unique('Shop') });
    expect(await other.openApplication(shop)).toBeDefined();
    const form_token = await browser.formToken();
    const { html } = await browser.get('/account');
    expect(html).toContain(`Applications: ${shop.name}`);
    const [id] = [...html.matchAll(/name="id" value="([^"]+)"/g)].map(([, value]) => value);
    for (const attribute of ['id', 'aria-describedby'])
      expect(html).toContain(`${attribute}="session-${id}"`);
    for (const foreign of [(await sessionsOf(stranger.person))[0]?.id as string, 'x', ''])
      expect((await browser.post('/account/sessions', { form_token, id: foreign })).status).toBe(303);
    expect(pathOf(await stranger.browser.get('/account'))).toBe('/account');
    expect((await browser.post('/account/sessions', { form_token, id: id as string })).status).toBe(303);
    expect((await other.get('/account')).html).toContain('id="password"');
    expect(await other.sessionOf(shop.clientId)).toBeUndefined();
    expect(pathOf(await browser.get('/account'))).toBe('/account');
  });

  it('that are more than 100 include that of the browser, and no row of the page itself', async () => {
    const { person, browser } = await signedIn();
    // One of the newest 100 is the page's own.
    await provider.database.query(
      `INSERT INTO identity.sessions (id, account_id, created_at, expires_at)
       SELECT gen_random_uuid(), $1, now() + interval '1 second', now() + interval '1 hour' FROM generate_series(1, 99)`,
      [person.id],
    );
    const { html } = await browser.get('/account');
    expect(html.match(/This browser/g)).toHaveLength(1);
    expect(html.match(/name="id"/g)).toHaveLength(99);
    expect(html).toContain('Only the newest 100 sessions are shown.');
    expect(html).not.toContain(ACCOUNT_CLIENT_ID);
  });

  it('end all at once', async () => {
    const { person, browser } = await signedIn();
    const api = await provider.sessionOf(person);
    const ended = await browser.submit('/account', { all: 'yes' });
    expect(ended.html).toContain('Signed out everywhere');
    expect(await sessionsOf(person)).toEqual([]);
    expect((await api.get('/auth/me')).status).toBe(401);
    expect((await browser.get('/account')).html).toContain('id="password"');
  });
});

describe('a mail', () => {
  const subject = async ({ email }: Account) => (await mail.next(email)).subject;
  const outboxOf = ({ email }: Account): Promise<object[]> =>
    provider.database.query('SELECT kind, language FROM identity.mail_outbox WHERE recipient = $1', [email]);

  it('tells the owner of added, renewed and removed factors, also by an administrator', async () => {
    const person = await provider.person();
    const api = await provider.sessionOf(person);
    const { id } = await enrolTotp(api);
    const added = await mail.next(person.email);
    expect(added.subject).toBe('A second factor was added');
    expect(added.text).toContain('An authenticator app was added');
    expect(added.link).toBe(`${provider.issuer}/account`);
    await api.post('/auth/factors/recovery-codes', {});
    expect((await mail.next(person.email)).text).toContain('New recovery codes were made');
    await api.delete(`/auth/factors/${id}`);
    expect(await subject(person)).toBe('A second factor was removed');
    await enrolTotp(api);
    expect(await subject(person)).toBe('A second factor was added');
    const admin = await provider.signIn(['*']);
    await admin.api.delete(`/accounts/${person.id}/factors`);
    expect(await subject(person)).toBe('A second factor was removed');
  });

  it('tells the owner of a used recovery code and how many are left, and of a new password', async () => {
    const person = await provider.person();
    const api = await provider.sessionOf(person);
    const { recoveryCodes } = await enrolTotp(api);
    await subject(person);
    const { email } = person;
    const signIn = (code: string) => provider.api.post('/auth/login', { email, password: PASSWORD, code });
    expect((await signIn('AAAA-AAAA-AAAA-AAAA')).status).toBe(401);
    expect((await signIn(recoveryCodes[0] as string)).status).toBe(200);
    const used = await mail.next(email);
    expect([used.subject, used.text.includes('Codes that are left: 9.')]).toEqual([
      'A recovery code was used',
      true,
    ]);
    await api.post('/auth/password', { current_password: PASSWORD, new_password: NEXT });
    expect(await subject(person)).toBe('Your password was changed');
  });

  it('comes in the language of the request, and never with a change that failed', async () => {
    const person = await provider.person();
    const browser = new WebBrowser(provider.issuer, { 'accept-language': 'de' });
    const german = await SignedInBrowser.start(provider, person, browser);
    const picture = await german.submit('/account/authenticator', {});
    await browser.submit(picture, { code: wrongTotpCode(secretOf(picture)) });
    expect(await outboxOf(person)).toEqual([]);
    await browser.submit(picture, { code: totpCode(secretOf(picture)) });
    expect(await outboxOf(person)).toEqual([{ kind: 'factor-added', language: 'de' }]);
    expect(await subject(person)).toBe('Ein zweiter Faktor wurde hinzugefügt');
  });

  it('does not go to an address that was never verified', async () => {
    const person = await provider.person({ emailVerified: false });
    await enrolTotp(await provider.sessionOf(person));
    expect(await outboxOf(person)).toEqual([]);
  });
});
