import bcrypt from 'bcrypt';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const COST = 10;
const MAX_FAILURES = 3;

/** The same password in the Unicode forms of two systems. */
const NFC = 'Pässwörd-ñandú-9'.normalize('NFC');
const NFD = NFC.normalize('NFD');
const WRONG = 'Pässwörd-ñandú-8'.normalize('NFD');

let idp: TestIdentityProvider;
beforeAll(async () => {
  const login = { maxFailures: MAX_FAILURES, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  idp = await startTestIdentityProvider({ login, bcryptCost: COST });
});
afterAll(() => idp?.close());

const login = (email: string, password: string) => idp.api.post('/auth/login', { email, password });
const statuses = async (email: string, passwords: string[]) => {
  const all: number[] = [];
  for (const password of passwords) all.push((await login(email, password)).status);
  return all;
};
const hashOf = async (id: string): Promise<string> =>
  (await idp.database.query('SELECT password_hash FROM identity.accounts WHERE id = $1', [id]))[0]
    .password_hash;

it.each([
  ['composed', NFC],
  ['decomposed', NFD],
])(
  'a password that is set %s is accepted in both forms, on every route that sets passwords',
  async (_, set) => {
    const { api: admin } = await idp.signIn(['*']);
    const email = `${unique('ada')}@example.com`;
    const role = await idp.make.role();
    const created = await admin.post('/accounts', { email, password: set, role_id: role.id });
    expect(created.status).toBe(201);
    expect(await statuses(email, [NFC, NFD, WRONG])).toEqual([200, 200, 401]);

    const reset = await admin.patch(`/accounts/${created.data.id}`, { password: `${set}-reset` });
    expect(reset.status).toBe(200);
    expect(await statuses(email, [`${NFC}-reset`, `${NFD}-reset`, NFC])).toEqual([200, 200, 401]);

    const { token } = (await login(email, `${NFD}-reset`)).data;
    const change = { current_password: `${NFD}-reset`, new_password: `${set}-own` };
    expect((await idp.api.as(token).post('/auth/password', change)).status).toBe(200);
    expect(await statuses(email, [`${NFC}-own`, `${NFD}-own`, `${NFC}-reset`])).toEqual([200, 200, 401]);
  },
);

it('an older hash of the decomposed form is accepted, and afterwards both forms are', async () => {
  const { id, email } = await idp.make.account({ passwordHash: await bcrypt.hash(NFD, COST) });
  expect(await statuses(email, [NFC, NFD, NFC, NFD])).toEqual([401, 200, 200, 200]);
  expect(await bcrypt.compare(NFC, await hashOf(id))).toBe(true);
});

it('an older hash is kept if the normal form of its password exceeds the limit of bcrypt', async () => {
  const password = '\u{1D160}'.repeat(18);
  const passwordHash = await bcrypt.hash(password, 4);
  const { id, email } = await idp.make.account({ passwordHash });
  expect(await statuses(email, [password, password])).toEqual([200, 200]);
  expect(await hashOf(id)).toBe(passwordHash);
});

it('a failed login with a password of two forms takes the work of two checks and counts as one failure', async () => {
  const compare = vi.spyOn(bcrypt, 'compare');
  try {
    const passwordHash = await bcrypt.hash(NFC, COST);
    const emails = [
      `${unique('nobody')}@example.com`,
      (await idp.make.account()).email,
      (await idp.make.account({ passwordHash })).email,
      (await idp.make.account({ passwordHash, status: 'disabled' })).email,
      (await idp.make.account({ passwordHash: await bcrypt.hash(NFD, COST) })).email,
      (await idp.make.account({ passwordHash: await bcrypt.hash(NFC, 4) })).email,
      (await idp.make.account({ passwordHash: 'garbage' })).email,
    ];
    // The last password exceeds the limit of bcrypt only in its decomposed form.
    for (const [password, times] of [
      [WRONG, 2],
      [WRONG.normalize('NFC'), 1],
      ['é'.repeat(36).normalize('NFD'), 2],
    ] as const) {
      for (const email of emails) {
        compare.mockClear();
        expect((await login(email, password)).status).toBe(401);
        const rounds = compare.mock.calls.map(([, hash]) => 2 ** Number(String(hash).slice(4, 6)));
        expect(
          rounds.reduce((sum, each) => sum + each, 0),
          email,
        ).toBe(times * 2 ** COST);
      }
    }
    for (const email of emails) expect((await login(email, NFC)).status).toBe(429);
  } finally {
    compare.mockRestore();
  }
});
