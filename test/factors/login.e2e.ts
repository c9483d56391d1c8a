import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsDuring } from '../support/audit.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { readToken } from '../support/keycloak-tokens.js';
import { enrolTotp, totpCode, wrongTotpCode } from '../support/totp-app.js';

const PASSWORD = 'securepass123';

let idp: TestIdentityProvider;
let passwordHash: string;
beforeAll(async () => {
  const login = { maxFailures: 5, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  const secondFactor = { requiredRoles: ['guarded'], trustedBrowsers: false };
  idp = await startTestIdentityProvider({ login, secondFactor });
  passwordHash = await bcrypt.hash(PASSWORD, idp.settings.bcryptCost);
});
afterAll(() => idp?.close());

async function enrolled() {
  const { account, api } = await idp.signIn([], { passwordHash });
  const app = await enrolTotp(api);
  const login = (given: { password?: string; code?: string } = {}) =>
    idp.api.post('/auth/login', { email: account.email, password: PASSWORD, ...given });
  return { account, api, ...app, login };
}

describe('POST /auth/login with a second factor', () => {
  it('says code_required, only to the right password', async () => {
    const { login, secret } = await enrolled();
    const required = await login();
    expect([required.status, required.errors]).toEqual([401, ['code code_required']]);
    expect(required.headers.get('www-authenticate')).toBe('Bearer');
    for (const given of [
      { password: 'wrong-password' },
      { password: 'wrong-password', code: totpCode(secret) },
    ]) {
      const { status, errors } = await login(given);
      expect([status, errors]).toEqual([401, ['- unauthorized']]);
    }
    expect((await login({ code: totpCode(secret) })).status).toBe(200);
  });

  it('takes a code once, also if two logins send it at the same time', async () => {
    const { login, secret } = await enrolled();
    const code = totpCode(secret);
    const statuses = (await Promise.all([login({ code }), login({ code })])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 401]);
    expect((await login({ code })).status).toBe(401);
  });

  it('takes a code of the next step, but not of one further away, nor of one before the last', async () => {
    const { login, secret } = await enrolled();
    expect((await login({ code: totpCode(secret, 3) })).status).toBe(401);
    expect((await login({ code: totpCode(secret, -3) })).status).toBe(401);
    expect((await login({ code: totpCode(secret, 1) })).status).toBe(200);
    expect((await login({ code: totpCode(secret) })).status).toBe(401);
  });

  it('does not take the code that confirmed the app', async () => {
    const { account, api } = await idp.signIn([], { passwordHash });
    const { data } = await api.post('/auth/factors/totp', {});
    const code = totpCode(data.secret);
    expect((await api.post('/auth/factors/totp/confirm', { id: data.id, code })).status).toBe(200);
    const body = { email: account.email, password: PASSWORD, code };
    expect((await idp.api.post('/auth/login', body)).status).toBe(401);
  });

  it('takes each recovery code once, however it is written, and audits it', async () => {
    const { account, login, recoveryCodes } = await enrolled();
    const [first = '', second = ''] = recoveryCodes;
    const events = await eventsDuring(idp.database, async () => {
      const code = first.toLowerCase().replaceAll('-', ' ');
      expect((await login({ code })).status).toBe(200);
    });
    expect(events).toMatchObject([
      { action: 'factor.recovery_code_used', target_id: account.id, actor_sub: account.id },
      { action: 'session.started', details: { amr: ['pwd', 'otp', 'mfa'] } },
    ]);
    expect((await login({ code: first })).status).toBe(401);
    const both = await Promise.all([login({ code: second }), login({ code: second })]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  it('counts a wrong code as a failed login; the right password alone does not clear the counter', async () => {
    const { account, login, secret } = await enrolled();
    // Two of them have the form of no kind of code.
    const codes = [
      wrongTotpCode(secret),
      'abc',
      wrongTotpCode(secret),
      'abcd-efgh-ijkl-mno',
      wrongTotpCode(secret),
    ];
    const events = await eventsDuring(idp.database, async () => {
      for (const code of codes) {
        expect((await login()).status).toBe(401);
        const wrong = await login({ code });
        expect([wrong.status, wrong.errors]).toEqual([401, ['- unauthorized']]);
      }
    });
    expect(events.filter(({ action }) => action === 'login.failed')).toMatchObject(
      Array(5).fill({ target_id: account.id, details: { attempt: 'second_factor' } }),
    );
    const blocked = await login({ code: totpCode(secret) });
    expect([blocked.status, blocked.headers.has('retry-after')]).toEqual([429, true]);
  });

  it('the token says how and when the user signed in', async () => {
    const { login, secret } = await enrolled();
    const { data } = await login({ code: totpCode(secret) });
    const [, claims] = readToken(data.token);
    expect(claims).toMatchObject({ amr: ['pwd', 'otp', 'mfa'], acr: '2', auth_time: expect.any(Number) });
    expect(Math.abs((claims['auth_time'] as number) - (claims['iat'] as number))).toBeLessThan(5);
  });

  it('a disabled account hears that it is disabled, without a code', async () => {
    const { account, login } = await enrolled();
    await idp.database.query(`UPDATE identity.accounts SET status = 'disabled' WHERE id = $1`, [account.id]);
    expect((await login()).errors).toEqual(['- account_disabled']);
  });
});

describe('an account without a second factor', () => {
  it('signs in with its password, and a code does not matter', async () => {
    const { account } = await idp.signIn([], { passwordHash });
    const body = { email: account.email, password: PASSWORD };
    const { data } = await idp.api.post('/auth/login', body);
    expect(readToken(data.token)[1]).toMatchObject({ amr: ['pwd'], acr: '1' });
    expect((await idp.api.post('/auth/login', { ...body, code: '123456' })).status).toBe(200);
  });

  it('is refused if its role, or one that it inherits from, requires one', async () => {
    const guarded = await idp.make.role([], { name: 'guarded' });
    const below = await idp.make.role([], { parentId: guarded.id });
    const above = await idp.make.role([]);
    await idp.database.query('UPDATE identity.roles SET parent_id = $2 WHERE id = $1', [
      guarded.id,
      above.id,
    ]);
    const statusFor = async (roleId: string) => {
      const { account } = await idp.signIn([], { roleId, passwordHash });
      const login = (password: string) => idp.api.post('/auth/login', { email: account.email, password });
      expect((await login('wrong-password')).errors).toEqual(['- unauthorized']);
      return (await login(PASSWORD)).errors;
    };
    expect(await statusFor(guarded.id)).toEqual(['- second_factor_required']);
    expect(await statusFor(below.id)).toEqual(['- second_factor_required']);
    expect(await statusFor(above.id)).toEqual([]);
  });
});
