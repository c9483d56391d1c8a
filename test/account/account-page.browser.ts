import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  expectAccessible,
  expectAccessibleInBoth,
  follow,
  pressEnterOn,
  submitByEnter as submit,
} from '../oauth/accessibility.js';
import { unique } from '../support/factories.js';
import { PASSWORD } from '../support/openid-provider.js';
import { type PagesWithMail, startPagesWithMail } from '../support/pages-with-mail.js';
import { totpCode } from '../support/totp-app.js';
import { addVirtualAuthenticator } from '../support/virtual-authenticator.js';

const NEXT = 'another horse battery';
/** Several pages, each checked four times (ms). */
const TIMEOUT = 180_000;

let pages: PagesWithMail;
beforeAll(async () => {
  pages = await startPagesWithMail();
});
afterAll(async () => {
  await pages?.close();
});

async function signedIn(language = 'en') {
  const person = await pages.provider.person({ firstName: 'Ada', lastName: 'Lovelace' });
  const { page, problems } = await pages.browser.visit(pages.provider.issuer);
  await page.setExtraHTTPHeaders({ 'accept-language': language });
  await page.goto(`${pages.provider.issuer}/account`);
  await page.fill('#email', person.email);
  await page.fill('#password', PASSWORD);
  await page.press('#password', 'Enter');
  await page.waitForURL(`${pages.provider.issuer}/account`);
  return { person, page, problems };
}

const notice = (page: Page) => page.textContent('.notice');

const growOld = (id: string) =>
  pages.provider.database.query(
    `UPDATE identity.sessions SET authenticated_at = now() - interval '11 minutes' WHERE account_id = $1`,
    [id],
  );

describe('the account page', { timeout: TIMEOUT }, () => {
  it('changes name, email and password, by keyboard alone', async () => {
    const { person, page, problems } = await signedIn();
    await pages.provider.sessionOf(person);
    await page.reload();
    await expectAccessibleInBoth(page, 'account');
    await follow(page, 'a Change name');
    await page.waitForSelector('#first_name:focus');
    await expectAccessibleInBoth(page, 'account-name');
    await page.fill('#first_name', 'Augusta');
    await submit(page);
    expect(await notice(page)).toContain('Your name was changed.');
    expect(await page.title()).toContain('Your name was changed. Your account');
    expect(await page.textContent('main')).toContain('Augusta Lovelace');
    await expectAccessible(page, 'account-done');

    const email = `${unique('next')}@example.com`;
    await follow(page, 'a Change email');
    await expectAccessibleInBoth(page, 'account-email');
    await page.fill('#email', email);
    await page.fill('#current_password', PASSWORD);
    await submit(page);
    expect(await notice(page)).toContain('A mail is on its way');
    await page.goto((await pages.mail.next(email)).link);
    await Promise.all([page.waitForNavigation(), page.press('main button', 'Enter')]);
    await follow(page, 'a Your account');
    expect(await page.textContent('.lead')).toContain(email);

    await follow(page, 'a Change password');
    await expectAccessibleInBoth(page, 'account-password');
    await page.fill('#current_password', 'wrong');
    await page.fill('#new_password', NEXT);
    await submit(page);
    expect(await page.title()).toContain('There is a problem');
    await expectAccessible(page, 'account-password-problem');
    await page.fill('#current_password', PASSWORD);
    await page.fill('#new_password', NEXT);
    await submit(page);
    expect(await notice(page)).toContain('Your password was changed.');
    expect((await pages.provider.api.post('/auth/login', { email, password: NEXT })).status).toBe(200);
    // The wrong password has answered 422.
    expect(problems.filter((problem) => !/422/.test(problem))).toEqual([]);
  });

  it('adds an authenticator app, makes new codes, and removes the app, by keyboard alone', async () => {
    const { page, problems } = await signedIn();
    await follow(page, 'a Add authenticator app');
    await expectAccessibleInBoth(page, 'account-authenticator');
    await page.fill('#name', 'My phone');
    await submit(page);
    await expectAccessibleInBoth(page, 'account-authenticator-code');
    const secret = (await page.textContent('form p > code'))?.replaceAll(' ', '') as string;
    await page.fill('#code', totpCode(secret));
    await submit(page);
    expect(await page.locator('.codes li').count()).toBe(10);
    await expectAccessible(page, 'account-codes');
    await follow(page, 'a Back to your account');
    await expectAccessible(page, 'account-factors');
    await follow(page, 'a New recovery codes');
    await expectAccessibleInBoth(page, 'account-new-codes');
    await follow(page, 'button Make new codes');
    expect(await page.locator('.codes li').count()).toBe(10);
    await page.goto(`${pages.provider.issuer}/account`);
    await follow(page, 'a Remove');
    await expectAccessibleInBoth(page, 'account-removal');
    await follow(page, 'button Remove');
    expect(await notice(page)).toContain('The second factor was removed.');
    expect(problems).toEqual([]);
  });

  it.each([
    ['en', /^Remove: Key \(added .*\)$/, 'Remove'],
    ['de', /^Entfernen: Key \(hinzugefügt .*\)$/, 'Entfernen'],
  ])('tells factors of the same name apart by their labels: %s', async (language, label, shown) => {
    const { person, page } = await signedIn(language);
    await pages.provider.database.query(
      `INSERT INTO identity.factors (id, account_id, kind, name, secret, created_at, confirmed_at)
       SELECT gen_random_uuid(), $1, 'totp', 'Key', '\\x00', at, at
       FROM unnest('{2026-01-02T03:04:05Z,2026-01-02T03:04:25Z}'::timestamptz[]) AS at`,
      [person.id],
    );
    await page.reload();
    const removals = page.getByRole('link', { name: label });
    const labels = await removals.evaluateAll((links) =>
      links.map((link) => link.getAttribute('aria-label')),
    );
    expect([labels.length, new Set(labels).size]).toEqual([2, 2]);
    expect(await removals.allTextContents()).toEqual([shown, shown]);
    await expectAccessibleInBoth(page, `account-same-names-${language}`);
  });

  it('adds a passkey, which then signs in alone; an old sign-in needs the password', async () => {
    const { person, page, problems } = await signedIn();
    const authenticator = await addVirtualAuthenticator(page);
    await page.goto(`${pages.provider.issuer}/account/passkey`);
    await page.locator('form[data-options]').waitFor();
    expect(await page.isVisible('#no-passkeys')).toBe(false);
    expect(await page.isVisible('#passkey-problem')).toBe(false);
    await expectAccessible(page, 'account-passkey');
    await growOld(person.id);
    // The page does not know yet that the sign-in is old: it asks for the password now.
    await Promise.all([page.waitForNavigation(), page.press('#name', 'Enter')]);
    await page.locator('#current_password').waitFor();
    await page.fill('#current_password', 'wrong');
    await page.press('#current_password', 'Enter');
    await page.locator('#passkey-problem').waitFor();
    expect(await page.textContent('#passkey-problem')).toContain('The current password is wrong.');
    await expectAccessible(page, 'account-passkey-problem');
    await page.fill('#current_password', PASSWORD);
    await page.press('#current_password', 'Enter');
    await page.waitForSelector('.codes');
    // The browser sends the form again.
    await page.reload();
    expect(await notice(page)).toContain('The second factor was added.');
    expect(await page.textContent('main')).toContain('Passkey');
    await expectAccessibleInBoth(page, 'account-passkey-added-again');

    await page.goto(`${pages.provider.issuer}/account/passkey`);
    await page.fill('#current_password', PASSWORD);
    await page.press('#current_password', 'Enter');
    await page.locator('#passkey-problem').waitFor();
    expect(await page.textContent('#passkey-problem')).toContain('was added already');

    // Otherwise they would take the browser's suggestion at once.
    await authenticator.setPresence(false);
    const suggested = page.waitForResponse((response) => response.url().endsWith('/passkey-options'));
    await page.goto(`${pages.provider.issuer}/account/sign-in`);
    await suggested;
    // The button ends the suggestion and asks for options of its own. An authenticator that is asked already would not notice
    // that its user has come.
    await page.route('**/passkey-options', async (route) => {
      await authenticator.setPresence(true);
      await route.continue();
    });
    await page.locator('form[data-passkey] button').click();
    await page.waitForURL(`${pages.provider.issuer}/account`);
    await page.goto(`${pages.provider.issuer}/account/recovery-codes`);
    expect(await page.locator('#current_password').count()).toBe(0);
    // The old sign-in and the wrong password.
    expect(problems.filter((problem) => !/403|422/.test(problem))).toEqual([]);
  });

  it('shows and ends sessions, in German', async () => {
    const { person, page } = await signedIn('de');
    const api = await pages.provider.sessionOf(person);
    const other = await pages.provider.sessionOf(person);
    await page.reload();
    expect(await page.textContent('h1')).toBe('Ihr Konto');
    await expectAccessible(page, 'account-de');
    expect(await page.textContent('.badge')).toBe('Dieser Browser');
    await pages.provider.database.query(
      `UPDATE identity.sessions s SET created_at = created_at - n * interval '1 second'
       FROM (SELECT id, row_number() OVER () AS n FROM identity.sessions WHERE account_id = $1) AS numbered
       WHERE s.id = numbered.id`,
      [person.id],
    );
    await page.reload();
    const end = page.getByRole('button', { name: /^Beenden: .* \(.*\)$/ });
    const labels = await end.evaluateAll((buttons) =>
      buttons.map((button) => button.getAttribute('aria-label')),
    );
    expect([labels.length, new Set(labels).size]).toEqual([2, 2]);
    await Promise.all([page.waitForNavigation(), end.first().press('Enter')]);
    expect(await notice(page)).toContain('Die Sitzung ist beendet.');
    const statuses = [(await api.get('/auth/me')).status, (await other.get('/auth/me')).status];
    expect(statuses.sort()).toEqual([200, 401]);
    await follow(page, 'button Überall abmelden');
    expect(await page.textContent('h1')).toBe('Überall abgemeldet');
    await expectAccessible(page, 'account-signed-out');
    await follow(page, 'a Anmelden');
    await page.waitForSelector('#password');
  });

  it('is linked where a user chooses an account, and signs out', async () => {
    const { page } = await signedIn();
    await page.goto(`${await selection()}`);
    await follow(page, 'a Your account');
    expect(await page.textContent('h1')).toBe('Your account');
    await follow(page, 'a Sign out');
    await pressEnterOn(page, 'button Sign out');
    await page.waitForSelector('h1:text-is("Signed out")');
    await page.goto(`${pages.provider.issuer}/account`);
    await page.waitForSelector('#password');
  });
});

/** A request that lets the user choose an account. */
async function selection(): Promise<string> {
  const { clientId, redirectUris } = await pages.provider.client();
  return `${pages.provider.issuer}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUris[0] as string,
    scope: 'openid',
    prompt: 'select_account',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })}`;
}
