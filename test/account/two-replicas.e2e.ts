import { afterAll, beforeAll, expect, it } from 'vitest';
import { unique } from '../support/factories.js';
import { type MailServer, startMailServer } from '../support/mail-server.js';
import { PASSWORD, startTestOpenIdProvider, type TestOpenIdProvider } from '../support/openid-provider.js';
import { SoftwarePasskey } from '../support/software-passkey.js';
import { totpCode } from '../support/totp-app.js';
import { type VisitedPage, WebBrowser } from '../support/web-browser.js';

const NEXT = 'another horse battery';

let mail: MailServer;
let provider: TestOpenIdProvider;
let replica: TestOpenIdProvider;
beforeAll(async () => {
  mail = await startMailServer();
  provider = await startTestOpenIdProvider({ mail: mail.settings });
  const { databaseUrl, signing } = provider.settings;
  replica = await startTestOpenIdProvider({ mail: mail.settings, databaseUrl, signing, port: 0 });
});
afterAll(async () => {
  await replica?.close();
  await provider?.close();
  await mail?.close();
});

/** Each request goes to the other replica than the one before. */
const newBrowser = () => {
  const replicas = [provider, replica].map(({ directUrl }) => new URL(directUrl).origin);
  return new WebBrowser(provider.issuer, {}, replicas);
};
const titleOf = ({ html }: VisitedPage) => /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
const url = (path: string) => provider.issuer + path;

it('pages work while their requests alternate between two replicas', async () => {
  const email = `${unique('ada')}@example.com`;
  const browser = newBrowser();
  const signUp = await browser.get(url('/signup'));
  await browser.submit(signUp, { email, password: PASSWORD });
  const proof = await browser.get((await mail.next(email)).link);
  expect(titleOf(await browser.submit(proof, {}))).toBe('Address confirmed');

  const account = await browser.submit(await browser.get(url('/account')), { email, password: PASSWORD });
  expect(titleOf(account)).toBe('Your account');
  const picture = await browser.submit(await browser.get(url('/account/authenticator')), { name: 'Phone' });
  const secret = /<p><code>([A-Z2-7 ]+)<\/code>/.exec(picture.html)?.[1]?.replaceAll(' ', '') as string;
  const codes = await browser.submit(picture, { code: totpCode(secret, -1) });
  expect(titleOf(codes)).toBe('Your recovery codes');
  expect((await mail.next(email)).subject).toBe('A second factor was added');
  const recoveryCode = /([A-Z2-7]{4}-){3}[A-Z2-7]{4}/.exec(codes.html)?.[0] as string;

  const other = newBrowser();
  const asked = await other.submit(await other.get(url('/account')), { email, password: PASSWORD });
  expect(titleOf(asked)).toBe('Confirm that it is you');
  expect(titleOf(await other.submit(asked, { code: totpCode(secret) }))).toBe('Your account');

  await browser.submit(await browser.get(url('/forgot-password')), { email });
  const reset = await browser.get((await mail.next(email)).link);
  expect(titleOf(await browser.submit(reset, { new_password: NEXT }))).toBe('Password saved');
  // Both sessions have ended, on each replica.
  for (const each of [browser, browser, other, other]) {
    expect(titleOf(await each.get(url('/account')))).toBe('Sign in');
  }
  const again = await other.submit(await other.get(url('/account')), { email, password: NEXT });
  expect(titleOf(await other.submit(again, { code: recoveryCode }))).toBe('Your account');
});

it('requests to the API may alternate as well, and a passkey that they added signs in alone', async () => {
  const email = `${unique('ada')}@example.com`;
  const [here, there] = [provider.api, replica.api];
  expect((await here.post('/auth/register', { email, password: PASSWORD })).status).toBe(202);
  const token = await mail.nextToken(email);
  expect((await there.post('/auth/verify-email', { token })).status).toBe(200);
  expect((await here.post('/auth/verify-email', { token })).status).toBe(422);
  const { data } = await here.post('/auth/login', { email, password: PASSWORD });
  const [own, same] = [here.as(data.token), there.as(data.token)];

  const { data: options } = await same.post('/auth/factors/passkeys/options', {});
  const handle = options.user.id as string;
  const passkey = new SoftwarePasskey(provider.issuer, handle);
  const added = await own.post('/auth/factors/passkeys', passkey.create(options));
  expect([added.status, added.data.recovery_codes?.length]).toEqual([201, 10]);
  expect((await mail.next(email)).subject).toBe('A second factor was added');
  const [code] = added.data.recovery_codes;
  const credentials = { email, password: PASSWORD };
  expect((await there.post('/auth/login', credentials)).status).toBe(401);
  expect((await there.post('/auth/login', { ...credentials, code })).status).toBe(200);
  expect((await here.post('/auth/login', { ...credentials, code })).status).toBe(401);
  expect((await mail.next(email)).subject).toBe('A recovery code was used');

  const browser = newBrowser();
  const page = await browser.get(url('/account'));
  const answer = await browser.submit({ ...page, url: `${page.url}/passkey-options`, html: '' }, {});
  const credential = JSON.stringify(passkey.get(JSON.parse(answer.html)));
  expect(titleOf(await browser.submit(page, { credential }))).toBe('Your account');

  await same.post('/auth/forgot-password', { email });
  const link = await mail.nextToken(email);
  const body = { token: link, new_password: NEXT };
  expect((await here.post('/auth/reset-password', body)).status).toBe(200);
  expect([(await own.get('/auth/me')).status, (await same.get('/auth/me')).status]).toEqual([401, 401]);
});
