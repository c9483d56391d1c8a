import bcrypt from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

const PASSWORD = 'securepass123';

describe('guessing over HTTP', () => {
  let idp: TestIdentityProvider;
  let replica: TestIdentityProvider;
  let passwordHash: string;

  beforeAll(async () => {
    const login = { maxFailures: 3, maxFailuresPerAddress: 30, windowSeconds: 900 };
    idp = await startTestIdentityProvider({ login, trustProxy: 1 });
    replica = await startTestIdentityProvider({ ...idp.settings, port: 0 });
    passwordHash = await bcrypt.hash(PASSWORD, idp.settings.bcryptCost);
  });

  afterAll(async () => {
    await replica?.close();
    await idp?.close();
  });

  let lastAddress = 0;
  const newAddress = () => `192.0.2.${++lastAddress}`;

  /** @param address the client address that the trusted proxy sends */
  async function login(email: string, password: string, address: string, { api } = idp) {
    const response = await fetch(`${api.url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
      body: JSON.stringify({ email, password }),
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  it('50 times in parallel on two replicas is answered no more often than the limit', async () => {
    const { email } = await idp.make.account({ passwordHash });
    const home = newAddress();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        login(email, `guess-${index}`, home, index % 2 ? idp : replica),
      ),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(3);
    expect(statuses.filter((status) => status === 429)).toHaveLength(47);
    expect(
      answers.every(({ status, headers }) => status === 401 || Number(headers.get('retry-after')) >= 1),
    ).toBe(true);
    expect((await login(email, PASSWORD, home, replica)).status).toBe(429);
    expect((await login(email.toUpperCase(), PASSWORD, home)).status).toBe(429);
    expect((await login(email, PASSWORD, newAddress())).status).toBe(200);
  });

  it('does not reveal if an account exists', async () => {
    const { email } = await idp.make.account({ passwordHash });
    const tell = async (guessed: string) => {
      const home = newAddress();
      const told = [];
      for (let i = 0; i < 5; i += 1) told.push(await login(guessed, 'wrong-password', home));
      return told.map(({ status, body, headers }) => ({
        status,
        body,
        refused: status === 429 && Number(headers.get('retry-after')) > 45,
      }));
    };
    const known = await tell(email);
    expect(known.map(({ status }) => status)).toEqual([401, 401, 401, 429, 429]);
    expect(await tell(`${unique('nobody')}@example.com`)).toEqual(known);
  });

  it.each([
    ['an IPv4 address', ['203.0.113.9:40000', '::ffff:203.0.113.9', '203.0.113.9'], '203.0.113.9:40001'],
    [
      'an IPv6 address',
      ['[2001:db8::1]:40000', '2001:DB8::1', '[2001:db8:0::1]'],
      '[2001:db8::1%eth0]:40001',
    ],
    ['invalid values (replaced by the address of the proxy)', ['unknown', '_hidden', 'x:1'], 'y:1'],
  ])('counts %s as one address, with or without port and zone', async (_, told, again) => {
    const { email } = await idp.make.account({ passwordHash });
    for (const address of told) expect((await login(email, 'wrong-password', address)).status).toBe(401);
    expect((await login(email, PASSWORD, again)).status).toBe(429);
  });

  it('with a wrong current password counts as a failed login', async () => {
    const { account, api } = await idp.signIn([], { passwordHash });
    const change = (current_password: string) =>
      api.post('/auth/password', { current_password, new_password: 'another-good-one' });
    for (let i = 0; i < 3; i += 1) {
      expect(await change('wrong-password')).toMatchObject({
        status: 422,
        errors: ['current_password wrong_password'],
      });
    }
    expect((await change(PASSWORD)).status).toBe(429);
    expect((await login(account.email, PASSWORD, '127.0.0.1')).status).toBe(429);
  });

  it('does not count the correct password of a disabled account', async () => {
    const { email } = await idp.make.account({ passwordHash, status: 'disabled' });
    const home = newAddress();
    for (let i = 0; i < 5; i += 1) expect((await login(email, PASSWORD, home)).status).toBe(403);
  });
});
