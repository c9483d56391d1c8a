import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectAccessible,
  expectAccessibleInBoth,
  follow,
  submitByEnter as submit,
} from '../oauth/accessibility.js';
import { startCallbackApplication } from '../support/callback-application.js';
import { unique } from '../support/factories.js';
import { PASSWORD } from '../support/openid-provider.js';
import { type PagesWithMail, startPagesWithMail } from '../support/pages-with-mail.js';

const NEXT = 'another horse battery';
/** Several pages, each checked four times (ms). */
const TIMEOUT = 120_000;

let pages: PagesWithMail;
let callback: string;
let close: () => void;
beforeAll(async () => {
  ({ callback, close } = await startCallbackApplication());
  pages = await startPagesWithMail();
});
afterAll(async () => {
  close?.();
  await pages?.close();
});

const newEmail = () => `${unique('ada')}@example.com`;
const authorize = async () => {
  const { clientId } = await pages.provider.client({ redirectUris: [callback] });
  return `${pages.provider.issuer}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: callback,
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })}`;
};
const visit = () => pages.browser.visit(pages.provider.issuer, new URL(callback).origin);
const login = async (email: string, password: string) =>
  (await pages.provider.api.post('/auth/login', { email, password })).status;

const confirm = (page: Page) =>
  Promise.all([page.waitForNavigation(), page.locator('main button').press('Enter')]);

describe('the pages for accounts', { timeout: TIMEOUT }, () => {
  it('sign up, confirm, and sign in where the sign-in was left', async () => {
    const email = newEmail();
    const { page, problems } = await visit();
    await page.goto(await authorize());
    await follow(page, 'a Create an account');
    await expectAccessibleInBoth(page, 'sign-up');
    await page.fill('#email', email);
    const strength = page.locator('#strength');
    await page.fill('#password', 'password');
    await strength.filter({ hasText: 'Many people use this password' }).waitFor();
    await submit(page);
    expect(await page.textContent('#password-problem')).toContain('Many people use this password');
    await expectAccessible(page, 'sign-up-problem');
    await page.fill('#password', email.split('@')[0] as string);
    await strength.filter({ hasText: 'before the @' }).waitFor();
    await page.fill('#password', PASSWORD);
    await strength.filter({ hasText: /^(Good|Strong)\.$/ }).waitFor();
    await expectAccessible(page, 'sign-up-strength');
    await page.fill('#password', '');
    await strength.waitFor({ state: 'hidden' });
    await page.fill('#password', PASSWORD);
    await submit(page);
    expect(await page.textContent('main')).toContain(email);
    await expectAccessible(page, 'sign-up-sent');
    await page.goto((await pages.mail.next(email)).link);
    await expectAccessibleInBoth(page, 'verify-email');
    await confirm(page);
    expect(await page.textContent('h1')).toBe('Address confirmed');
    await follow(page, 'a Back to sign-in');
    await page.fill('#email', email);
    await page.fill('#password', PASSWORD);
    await page.press('#password', 'Enter');
    await page.waitForURL(/callback\?code=/);
    // The refused sign-up has answered 422.
    expect(problems.filter((problem) => !/422/.test(problem))).toEqual([]);
  });

  it('forget, reset; all sessions are gone', async () => {
    const { email } = await pages.provider.person();
    const session = await pages.provider.api.post('/auth/login', { email, password: PASSWORD });
    const { page } = await visit();
    await page.goto(await authorize());
    await follow(page, 'a Forgot your password?');
    await expectAccessibleInBoth(page, 'forgot-password');
    await page.fill('#email', email);
    await submit(page);
    expect(await page.textContent('h1')).toBe('Check your mail');
    const { link } = await pages.mail.next(email);
    await page.goto(link);
    await expectAccessibleInBoth(page, 'reset-password');
    await page.fill('#new_password', NEXT);
    await submit(page);
    expect(await page.textContent('h1')).toBe('Password saved');
    expect((await pages.provider.api.as(session.data.token).get('/auth/me')).status).toBe(401);
    expect([await login(email, PASSWORD), await login(email, NEXT)]).toEqual([401, 200]);
    await page.goto(link);
    expect(await page.textContent('h1')).toBe('This link does not work any more');
    await expectAccessibleInBoth(page, 'expired-link');
  });

  it('be invited, in German', async () => {
    const { api } = await pages.provider.signIn(['accounts:create']);
    const account = await pages.provider.make.account({ emailVerified: false });
    await api.post(`/accounts/${account.id}/invite`);
    const { page } = await visit();
    await page.setExtraHTTPHeaders({ 'accept-language': 'de' });
    await page.goto((await pages.mail.next(account.email)).link);
    expect(await page.textContent('h1')).toBe('Passwort wählen');
    expect(await page.evaluate('document.activeElement.id')).toBe('new_password');
    await expectAccessible(page, 'invitation-de');
    await page.fill('#new_password', NEXT);
    await submit(page);
    await expectAccessible(page, 'password-saved-de');
    expect(await login(account.email, NEXT)).toBe(200);
  });

  it('change the address, and undo it from the old one', async () => {
    const { email } = await pages.provider.person();
    const { data } = await pages.provider.api.post('/auth/login', { email, password: PASSWORD });
    const next = newEmail();
    await pages.provider.api.as(data.token).post('/auth/email', { email: next, current_password: PASSWORD });
    const { page } = await visit();
    await page.goto((await pages.mail.next(next)).link);
    await confirm(page);
    expect(await login(next, PASSWORD)).toBe(200);
    await page.goto((await pages.mail.next(email)).link);
    await expectAccessibleInBoth(page, 'undo-email');
    await confirm(page);
    expect(await page.textContent('h1')).toBe('Change undone');
    expect(await login(next, PASSWORD)).toBe(401);
    await page.goto((await pages.mail.next(email)).link);
    await page.fill('#new_password', NEXT);
    await submit(page);
    expect(await login(email, NEXT)).toBe(200);
  });
});

describe('a form', () => {
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    fetch(pages.provider.issuer + path, { method: 'POST', body: new URLSearchParams(fields), headers });

  it('that another site posts is refused', async () => {
    const account = await pages.provider.make.account({ emailVerified: false });
    const token = await pages.provider.make.link(account, 'verify_email');
    const other = { 'sec-fetch-site': 'cross-site' };
    expect((await post('/verify-email', { token }, other)).status).toBe(400);
    expect((await post('/signup', { email: newEmail(), password: PASSWORD }, other)).status).toBe(400);
    expect((await post('/verify-email', { token })).status).toBe(200);
  });

  it('is not needed for a GET, which changes nothing', async () => {
    const account = await pages.provider.make.account({ emailVerified: false });
    const token = await pages.provider.make.link(account, 'verify_email');
    for (const path of ['/verify-email', '/verify-email', '/reset-password', '/undo-email']) {
      await fetch(`${pages.provider.issuer}${path}?token=${token}`);
    }
    expect((await post('/verify-email', { token })).status).toBe(200);
  });

  it('that a program fills in completely makes no account, and looks the same', async () => {
    const fields = { email: newEmail(), password: PASSWORD };
    const caught = await post('/signup', { ...fields, website: 'https://spam.example' });
    expect(await pages.provider.api.post('/auth/login', fields)).toMatchObject({ status: 401 });
    const real = await post('/signup', fields);
    expect([caught.status, await caught.text()]).toEqual([real.status, await real.text()]);
    expect((await pages.provider.api.post('/auth/login', fields)).status).toBe(200);
  });

  it('answers the same for a known and an unknown address', async () => {
    const { email } = await pages.provider.person();
    const other = newEmail();
    for (const path of ['/signup', '/forgot-password']) {
      const [known, unknown] = await Promise.all(
        [email, other].map(async (each) => {
          const response = await post(path, { email: each, password: PASSWORD });
          return [response.status, (await response.text()).replaceAll(each, '')];
        }),
      );
      expect(known).toEqual(unknown);
    }
  });
});
