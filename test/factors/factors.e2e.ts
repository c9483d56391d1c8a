import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeAllFactors } from '#apps/identity-provider/src/factors/factor-removal.js';
import { NO_REQUEST } from '#libs/audit/audit-context.js';
import type { Account } from '#libs/database/identity/account.entity.js';
import type { Api } from '../support/api.js';
import { eventsDuring } from '../support/audit.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { type Faults, SoftwarePasskey } from '../support/software-passkey.js';
import { enrolTotp, totpCode, wrongTotpCode } from '../support/totp-app.js';

const PASSWORD = 'securepass123';
const ISSUER = 'http://identity-provider.test';

let idp: TestIdentityProvider;
let passwordHash: string;
beforeAll(async () => {
  const login = { maxFailures: 1_000, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  idp = await startTestIdentityProvider({ login });
  passwordHash = await bcrypt.hash(PASSWORD, idp.settings.bcryptCost);
});
afterAll(() => idp?.close());

const person = async (): Promise<{ account: Account; api: Api }> => idp.signIn([], { passwordHash });
const kinds = async (api: Api): Promise<string[]> =>
  (await api.get<{ kind: string }[]>('/auth/factors')).data.map(({ kind }) => kind);
const handleOf = ({ id }: Account) => Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url');
const passkeyOf = (account: Account) => new SoftwarePasskey(ISSUER, handleOf(account));
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe('an authenticator app', () => {
  it('counts once its code has proved it; the first factor brings ten recovery codes', async () => {
    const { account, api } = await person();
    const started = await api.post('/auth/factors/totp', { name: 'My phone' });
    expect(started.status).toBe(201);
    expect(started.headers.get('location')).toBe(`/api/v1/auth/factors/${started.data.id}`);
    expect(started.data).toEqual({
      id: expect.any(String),
      kind: 'totp',
      name: 'My phone',
      created_at: expect.any(String),
      last_used_at: null,
      remaining: null,
      secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
      uri: expect.stringMatching(/^otpauth:\/\/totp\//),
      qr_svg: expect.stringMatching(/^<svg /),
    });
    const uri = new URL(started.data.uri);
    expect(decodeURIComponent(uri.pathname)).toContain(account.email);
    expect([uri.searchParams.get('secret'), uri.searchParams.get('issuer')]).toEqual([
      started.data.secret,
      'Twinkey',
    ]);
    expect(await kinds(api)).toEqual([]);
    const { id, secret } = started.data;
    const wrong = await api.post('/auth/factors/totp/confirm', { id, code: wrongTotpCode(secret) });
    expect([wrong.status, wrong.errors]).toEqual([422, ['code wrong_code']]);

    const confirmed = await api.post('/auth/factors/totp/confirm', { id, code: totpCode(secret) });
    expect([confirmed.status, confirmed.data.id]).toEqual([200, id]);
    expect(confirmed.data.recovery_codes).toHaveLength(10);
    expect(new Set(confirmed.data.recovery_codes).size).toBe(10);
    expect(await kinds(api)).toEqual(['totp', 'recovery_codes']);
    const again = await api.post('/auth/factors/totp/confirm', { id, code: totpCode(secret, 1) });
    expect([again.status, again.errors]).toEqual([422, ['id not_found']]);
  });

  it('is stored encrypted, and recovery codes only as digests', async () => {
    const { account, api } = await person();
    const { id, secret, recoveryCodes } = await enrolTotp(api);
    const [row] = await idp.database.query('SELECT secret FROM identity.factors WHERE id = $1', [id]);
    const { Secret } = await import('otpauth');
    expect(row.secret.includes(Buffer.from(Secret.fromBase32(secret).bytes))).toBe(false);
    const codes = await idp.database.query(
      `SELECT c.digest FROM identity.recovery_codes c JOIN identity.factors f ON f.id = c.factor_id
        WHERE f.account_id = $1`,
      [account.id],
    );
    expect(codes).toHaveLength(10);
    for (const { digest } of codes) expect(recoveryCodes.join()).not.toContain(digest.toString('latin1'));
  });

  it('of another account, or started over ten minutes ago, cannot be confirmed', async () => {
    const [ada, eve] = [await person(), await person()];
    const { data } = await ada.api.post('/auth/factors/totp', {});
    const body = { id: data.id, code: totpCode(data.secret) };
    expect((await eve.api.post('/auth/factors/totp/confirm', body)).errors).toEqual(['id not_found']);
    await idp.database.query('UPDATE identity.factors SET created_at = $2 WHERE id = $1', [
      data.id,
      minutesAgo(11),
    ]);
    expect((await ada.api.post('/auth/factors/totp/confirm', body)).errors).toEqual(['id not_found']);
  });

  it('a second one brings no new recovery codes', async () => {
    const { api } = await person();
    const first = await enrolTotp(api);
    expect(first.recoveryCodes).toHaveLength(10);
    expect((await enrolTotp(api)).recoveryCodes).toEqual([]);
    expect((await kinds(api)).sort()).toEqual(['recovery_codes', 'totp', 'totp']);
  });
});

describe('a change of factors', () => {
  const changes = [
    ['POST', 'totp'],
    ['POST', 'recovery-codes'],
    ['POST', 'passkeys/options'],
  ] as const;

  it.each(changes)('%s %s asks for the password if the sign-in is old', async (_, path) => {
    const { account, api } = await person();
    await enrolTotp(api);
    await idp.database.query('UPDATE identity.sessions SET created_at = $2 WHERE account_id = $1', [
      account.id,
      minutesAgo(11),
    ]);
    const refused = await api.post(`/auth/factors/${path}`, {});
    expect([refused.status, refused.errors]).toEqual([403, ['current_password reauthentication_required']]);
    const wrong = await api.post(`/auth/factors/${path}`, { current_password: 'wrong-password' });
    expect([wrong.status, wrong.errors]).toEqual([422, ['current_password wrong_password']]);
    expect((await api.post(`/auth/factors/${path}`, { current_password: PASSWORD })).status).toBeLessThan(
      300,
    );
  });

  it('a token that is old itself is refused, also with a young session', async () => {
    const { account } = await person();
    const now = Math.floor(Date.now() / 1000);
    const api = await idp.sessionOf(account, { iat: now - 660, exp: now + 600 });
    expect((await api.post('/auth/factors/totp', {})).errors).toEqual([
      'current_password reauthentication_required',
    ]);
  });

  it('removing one asks for the password too, which a wrong one counts as a failed login', async () => {
    const { account, api } = await person();
    const { id } = await enrolTotp(api);
    await idp.database.query('UPDATE identity.sessions SET created_at = $1', [minutesAgo(11)]);
    expect((await api.delete(`/auth/factors/${id}`)).status).toBe(403);
    const remove = (current_password: string) =>
      fetch(`${api.url}/auth/factors/${id}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ current_password }),
      });
    const events = await eventsDuring(idp.database, () => remove('wrong-password'));
    expect(events).toMatchObject([
      { action: 'login.failed', target_id: account.id, details: { attempt: 'reauthentication' } },
    ]);
    expect((await remove(PASSWORD)).status).toBe(200);
    expect(await kinds(api)).toEqual([]);
  });

  it('is audited without secrets', async () => {
    const { account, api } = await person();
    let id = '';
    const added = await eventsDuring(idp.database, async () => {
      id = (await enrolTotp(api)).id;
    });
    expect(added).toMatchObject([
      { action: 'factor.added', target_id: account.id, details: { factor: { id, kind: 'totp' } } },
      { action: 'factor.added', target_id: account.id, details: { factor: { kind: 'recovery_codes' } } },
    ]);
    const removed = await eventsDuring(idp.database, () => api.delete(`/auth/factors/${id}`));
    expect(removed.map(({ action, details }) => [action, details.factor.kind, details.reason])).toEqual([
      ['factor.removed', 'totp', 'removed_by_owner'],
      ['factor.removed', 'recovery_codes', 'removed_by_owner'],
    ]);
  });

  it("another account's factor is not found", async () => {
    const [ada, eve] = [await person(), await person()];
    const { id } = await enrolTotp(ada.api);
    expect((await eve.api.delete(`/auth/factors/${id}`)).status).toBe(404);
    expect(await kinds(ada.api)).toContain('totp');
  });

  it('at most 20 factors', async () => {
    const { account, api } = await person();
    await idp.database.query(
      `INSERT INTO identity.factors (id, account_id, kind, name, confirmed_at)
        SELECT gen_random_uuid(), $1, 'passkey', 'Key', now() FROM generate_series(1, 20)`,
      [account.id],
    );
    const full = await api.post('/auth/factors/totp', {});
    expect([full.status, full.errors]).toEqual([409, ['- too_many_factors']]);
  });
});

describe('recovery codes', () => {
  it('need a second factor, and new ones void the old ones', async () => {
    const { account, api } = await person();
    const none = await api.post('/auth/factors/recovery-codes', {});
    expect([none.status, none.errors]).toEqual([409, ['- no_second_factor']]);
    const { recoveryCodes } = await enrolTotp(api);
    const renewed = await api.post('/auth/factors/recovery-codes', {});
    expect([renewed.status, renewed.data.kind, renewed.data.remaining]).toEqual([201, 'recovery_codes', 10]);
    const login = (code: string) =>
      idp.api.post('/auth/login', { email: account.email, password: PASSWORD, code });
    expect((await login(recoveryCodes[0] as string)).status).toBe(401);
    expect((await login(renewed.data.recovery_codes[0])).status).toBe(200);
    const { data } =
      await api.get<{ kind: string; remaining: number; last_used_at: string }[]>('/auth/factors');
    expect(data.find(({ kind }) => kind === 'recovery_codes')).toMatchObject({
      remaining: 9,
      last_used_at: expect.any(String),
    });
  });
});

describe('a passkey', () => {
  const add = async (api: Api, passkey: SoftwarePasskey, faults: Faults = {}) => {
    const { data: options } = await api.post('/auth/factors/passkeys/options', {});
    return api.post('/auth/factors/passkeys', passkey.create(options, faults));
  };

  it("is added with WebAuthn's own JSON", async () => {
    const { account, api } = await person();
    const options = await api.post('/auth/factors/passkeys/options');
    expect([options.status, options.data]).toMatchObject([
      200,
      {
        rp: { id: 'identity-provider.test', name: 'Twinkey' },
        user: { id: handleOf(account), name: account.email },
        authenticatorSelection: { residentKey: 'required' },
        excludeCredentials: [],
      },
    ]);
    const passkey = passkeyOf(account);
    const added = await api.post('/auth/factors/passkeys', {
      ...passkey.create(options.data),
      name: 'Laptop',
    });
    expect([added.status, added.data]).toMatchObject([201, { kind: 'passkey', name: 'Laptop' }]);
    expect(added.data.recovery_codes).toHaveLength(10);
    const next = await api.post('/auth/factors/passkeys/options');
    expect(next.data.excludeCredentials).toMatchObject([{ id: passkey.credentialId.toString('base64url') }]);
  });

  it.each<[string, Faults]>([
    ['another origin', { origin: 'https://evil.example' }],
    ['another relying party', { rpId: 'evil.example' }],
    ['an unknown challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
    ['a malformed challenge', { challenge: '\0' }],
  ])('of %s is refused', async (_, faults) => {
    const { account, api } = await person();
    const refused = await add(api, passkeyOf(account), faults);
    expect([refused.status, refused.errors]).toEqual([422, ['response invalid_passkey']]);
    expect(await kinds(api)).toEqual([]);
  });

  it('with a used, an expired, or another account’s challenge is refused', async () => {
    const [ada, eve] = [await person(), await person()];
    const { data: options } = await ada.api.post('/auth/factors/passkeys/options');
    const add = (api: Api, passkey: SoftwarePasskey, { challenge } = options) =>
      api.post('/auth/factors/passkeys', passkey.create({ challenge }));
    expect((await add(eve.api, passkeyOf(eve.account))).status).toBe(422);
    expect((await add(ada.api, passkeyOf(ada.account))).status).toBe(201);
    expect((await add(ada.api, passkeyOf(ada.account))).status).toBe(422);
    const { data: later } = await ada.api.post('/auth/factors/passkeys/options');
    await idp.database.query('UPDATE identity.passkey_challenges SET expires_at = now()');
    expect((await add(ada.api, passkeyOf(ada.account), later)).status).toBe(422);
  });

  it('cannot be added to two accounts', async () => {
    const [ada, eve] = [await person(), await person()];
    const passkey = passkeyOf(ada.account);
    expect((await add(ada.api, passkey)).status).toBe(201);
    const taken = await add(eve.api, passkey);
    expect([taken.status, taken.errors]).toEqual([409, ['id passkey_taken']]);
  });

  it.each([
    { clientDataJSON: 'e30', attestationObject: '' },
    { clientDataJSON: '!', attestationObject: 'oA' },
    { clientDataJSON: 5 },
    {},
  ])('of a broken form is refused: %j', async (response) => {
    const { api } = await person();
    const body = { id: 'AAAA', rawId: 'AAAA', type: 'public-key', response };
    expect((await api.post('/auth/factors/passkeys', body)).errors).toEqual(['response invalid_passkey']);
  });
});

describe('GET and DELETE /accounts/{id}/factors', () => {
  it('let an administrator see and reset them', async () => {
    const ada = await person();
    await enrolTotp(ada.api);
    const admin = await idp.signIn(['accounts:read', 'accounts:update']);
    const { data } = await admin.api.get<{ kind: string }[]>(`/accounts/${ada.account.id}/factors`);
    expect(data.map(({ kind }) => kind)).toEqual(['totp', 'recovery_codes']);
    const events = await eventsDuring(idp.database, async () => {
      expect((await admin.api.delete(`/accounts/${ada.account.id}/factors`)).status).toBe(200);
    });
    expect(events.map(({ action, actor_sub, target_id }) => [action, actor_sub, target_id])).toEqual(
      Array(2).fill(['factor.removed', admin.account.id, ada.account.id]),
    );
    expect(await kinds(ada.api)).toEqual([]);
  });

  it('not those of accounts with more permissions, nor their own', async () => {
    const admin = await idp.signIn(['accounts:read', 'accounts:update']);
    const { account } = await idp.signIn(['roles:delete']);
    const above = await admin.api.delete(`/accounts/${account.id}/factors`);
    expect([above.status, above.errors]).toEqual([403, ['- exceeds_own_permissions']]);
    const own = await admin.api.delete(`/accounts/${admin.account.id}/factors`);
    expect([own.status, own.errors]).toEqual([409, ['- own_account']]);
    expect((await admin.api.get(`/accounts/${crypto.randomUUID()}/factors`)).status).toBe(404);
  });
});

it('the first proof of an address removes all factors in its transaction', async () => {
  const { account, api } = await person();
  await enrolTotp(api);
  await idp.database.transaction((tx) =>
    removeAllFactors(tx, account.id, { audit: NO_REQUEST, reason: 'address_proved' }),
  );
  expect(await kinds(api)).toEqual([]);
});
