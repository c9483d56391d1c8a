import { afterAll, beforeAll, expect, it } from 'vitest';
import { unique } from '../support/factories.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';

/** A hash takes about 1/2 s: the queue has room for some on any machine and with two replicas. */
const COST = 13;
const FLOOD = 80;

let idp: TestIdentityProvider;
beforeAll(async () => {
  const login = { maxFailures: 1_000, maxFailuresPerAddress: 10_000, windowSeconds: 900 };
  idp = await startTestIdentityProvider({ login, bcryptCost: COST });
});
afterAll(() => idp?.close());

const login = (body: unknown) => idp.api.post('/auth/login', body);
const guess = () => login({ email: `${unique('nobody')}@example.com`, password: 'a wrong password' });

it('excess logins get 503 at once, and other requests are not affected', async () => {
  const { api } = await idp.signIn([]);
  const flood = Array.from({ length: FLOOD }, guess);
  const refused = await Promise.any(flood.map(onlyRefused));
  // The body of a refused request is not validated.
  const late = await Promise.all(Array.from({ length: 10 }, () => login({ email: 1 })));
  const me = await api.get('/auth/me');
  const answers = await Promise.all(flood);

  const { status, errors, data, headers } = refused;
  expect([status, errors, data]).toEqual([503, ['- overloaded'], null]);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(late.filter((answer) => ![422, 503].includes(answer.status))).toEqual([]);
  expect(late.some((answer) => answer.status === 503)).toBe(true);
  expect(me.status).toBe(200);
  const statuses = answers.map((answer) => answer.status);
  expect(new Set(statuses)).toEqual(new Set([401, 503]));
  expect(statuses.filter((one) => one === 503).length).toBeGreaterThan(FLOOD / 4);

  expect((await guess()).status).toBe(401);
  expect((await login({ email: 1 })).status).toBe(422);
});

async function onlyRefused(answer: ReturnType<typeof login>) {
  const { status } = await answer;
  if (status !== 503) throw new Error(`${status}`);
  return answer;
}
