import bcrypt from 'bcrypt';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CapturedLog, captureLog } from '../support/captured-log.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { type MailServer, startMailServer } from '../support/mail-server.js';

const PASSWORD = 'right-secret-quokka';
const WRONG = 'wrong-secret-quokka';
const NEW = 'other-secret-quokka';

let idp: TestIdentityProvider;
let log: CapturedLog;
/** Without one, mails are printed to the log. */
let mail: MailServer;

beforeAll(async () => {
  log = await captureLog();
  mail = await startMailServer();
  idp = await startTestIdentityProvider({ mail: mail.settings }, log.logger);
});
afterAll(async () => {
  await idp?.close();
  await mail?.close();
});

it('no line at any level contains a password, a hash, a token or an email', async () => {
  const passwordHash = await bcrypt.hash(PASSWORD, 4);
  const account = await idp.make.account({ passwordHash, email: 'someone-quokka@example.com' });
  const { email } = account;
  const admin = await idp.signIn(['*']);

  const { data } = await idp.api.post('/auth/login', { email, password: PASSWORD });
  const api = idp.api.as(data.token);
  const answers = [
    await idp.api.post('/auth/login', { email, password: WRONG }),
    await idp.api.post('/auth/login', { email, password: [PASSWORD], token: data.token }),
    await idp.api.post(`/auth/login?password=${PASSWORD}&token=${data.token}`, { email, password: PASSWORD }),
    await idp.api.get('/auth/me', { 'x-request-id': data.token, cookie: `token=${data.token}` }),
    await api.post('/auth/password', { current_password: WRONG, new_password: NEW }),
    await api.post('/auth/password', { current_password: PASSWORD, new_password: NEW }),
    await admin.api.post('/accounts', { email, password: NEW, role_id: account.roleId }),
    await admin.api.patch(`/accounts/${account.id}`, { password: NEW }),
    await api.get('/auth/me'),
    await idp.api.as(`${data.token.slice(0, -8)}AAAAAAAA`).get('/auth/me'),
    await idp.api.get('/auth/me', { authorization: `Basic ${PASSWORD}` }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([
    401, 422, 422, 401, 422, 200, 409, 200, 401, 401, 401,
  ]);

  const broken = await fetch(`${idp.api.url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"email":"${email}","password":"${PASSWORD}"`,
  });
  expect(broken.status).toBe(400);
  expect((await mail.next(email)).subject).toBe('Your password was changed');

  expect(log.lines().filter(({ msg }) => msg === 'request')).toHaveLength(answers.length + 2);
  for (const secret of ['quokka', passwordHash.slice(0, 20), '$2b$', data.token.split('.')[1].slice(0, 30)]) {
    expect(log.text()).not.toContain(secret);
  }
  expect(log.text()).not.toContain(data.token.split('.')[2].slice(0, 30));
});

it('a database error is logged without them too', async () => {
  const { api } = await idp.signIn(['*']);
  const { roleId } = await idp.make.account();
  // A constraint that no code expects: an unforeseen 500.
  await idp.database.query(
    `ALTER TABLE identity.accounts ADD CONSTRAINT unforeseen CHECK (email <> 'unforeseen-quokka@example.com')`,
  );
  const body = { email: 'unforeseen-quokka@example.com', password: NEW, role_id: roleId };
  const { status, errors, message } = await api.post('/accounts', body);
  expect([status, errors, message]).toEqual([500, ['- internal_error'], 'An internal error occurred.']);
  const [line] = log.lines().filter(({ msg }) => msg === 'request failed');
  expect(line).toMatchObject({ level: 'error', request_id: expect.any(String), err: { code: '23514' } });
  expect(Object.keys(line?.['err'] as object)).toEqual(['type', 'message', 'stack', 'code']);
  expect(log.text()).not.toContain('quokka');
  expect(log.text()).not.toContain('$2b$');
});

it('contains the caller, and the reason for every refused token', async () => {
  const { account, api } = await idp.signIn([]);
  await api.get('/auth/me', { 'x-request-id': 'told-who' });
  await idp.api.as('nonsense').get('/auth/me', { 'x-request-id': 'told-why' });
  await idp.api.as('x'.repeat(16_385)).get('/auth/me', { 'x-request-id': 'too-long' });
  const of = (id: string) => log.lines().filter((line) => line['request_id'] === id);
  expect(of('told-who')).toMatchObject([
    {
      msg: 'request',
      method: 'GET',
      route: '/api/v1/auth/me',
      status: 200,
      principal: `native:${account.id}`,
    },
  ]);
  expect(of('told-why')).toMatchObject([
    { msg: 'token rejected', reason: 'malformed', level: 'warn' },
    { msg: 'request', status: 401, principal: null },
  ]);
  expect(of('too-long')).toMatchObject([{ reason: 'too_large' }, { status: 401 }]);
});
