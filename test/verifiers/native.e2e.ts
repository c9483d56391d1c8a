import { hash } from 'bcrypt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { EXAMPLES } from './examples.js';
import { tampered } from './tampered-token.js';
import type { VerifierSettings } from './verifier.js';

const PASSWORD = 'securepass123';

let idp: TestIdentityProvider;
let trusted: VerifierSettings;
let subject: string;
let token: string;

beforeAll(async () => {
  idp = await startTestIdentityProvider();
  const { issuer, audience } = idp.settings.signing;
  const jwksUrl = idp.api.url.replace('/api/v1', '/.well-known/jwks.json');
  trusted = { issuer, audience, jwksUrl, typ: 'at+jwt' };
  const { id, email } = await idp.make.account({ passwordHash: await hash(PASSWORD, 10) });
  subject = id;
  token = (await idp.api.post<{ token: string }>('/auth/login', { email, password: PASSWORD })).data.token;
});
afterAll(() => idp?.close());

describe.each(EXAMPLES)('$name', { timeout: 300_000 }, ({ start }) => {
  it('takes a native token, and none with another signature', async () => {
    const verifier = await start(trusted);
    try {
      expect(await verifier.verify(token)).toBe(subject);
      expect(await verifier.verify(tampered(token))).toBeNull();
    } finally {
      await verifier.close();
    }
  });

  it.each([
    ['audience', { audience: 'another-service' }],
    ['issuer', { issuer: 'https://another-issuer.example.com' }],
  ])('refuses a token of another %s', async (_, other) => {
    const verifier = await start({ ...trusted, ...other });
    try {
      expect(await verifier.verify(token)).toBeNull();
    } finally {
      await verifier.close();
    }
  });
});
