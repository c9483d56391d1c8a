import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVerifier, keycloak, native, type Verifier } from '../create-verifier.js';
import { createTestIssuers, startTestIssuers, type TestIssuers, testKey } from './test-issuers.js';

describe.each<[string, () => Promise<TestIssuers>]>([
  ['startTestIssuers', () => startTestIssuers({ audience: 'reports', roleMap: { helpdesk: 'support' } })],
  [
    'createTestIssuers',
    async () => createTestIssuers({ audience: 'reports', roleMap: { helpdesk: 'support' } }),
  ],
])('%s', (_name, start) => {
  let issuers: TestIssuers;
  let verifier: Verifier;

  beforeAll(async () => {
    issuers = await start();
    verifier = createVerifier({
      issuers: [native(issuers.native.options), keycloak(issuers.keycloak.options)],
    });
  });
  afterAll(async () => {
    await verifier.close();
    await issuers.close();
    await issuers.close();
  });

  it('mints valid tokens of both issuers', async () => {
    expect(await verifier.verify(issuers.native.mintToken())).toMatchObject({
      issuer: 'native',
      username: 'ada@example.com',
    });
    expect(await verifier.verify(issuers.keycloak.mintToken())).toMatchObject({
      issuer: 'keycloak',
      username: 'alice',
      roles: ['support'],
    });
  });

  it('trusts both', async () => {
    const other = createVerifier({ issuers: issuers.trusted });
    const token = issuers.native.mintToken({ claims: { sub: 'grace', permissions: ['reports:read'] } });
    expect(await other.verify(token)).toMatchObject({ sub: 'grace', permissions: ['reports:read'] });
    await other.close();
  });

  it.each([
    ['expired', { claims: { exp: 1 } }],
    ['audience', { claims: { aud: undefined } }],
    ['algorithm', { header: { alg: 'none' }, signature: '' }],
    ['signature', { key: testKey('stranger') }],
    ['signature', { signature: 'AAAA' }],
  ] as const)('mints tokens that are refused: %s', async (code, change) => {
    const refused = ['malformed', code];
    for (const issuer of [issuers.native, issuers.keycloak]) {
      const error = await verifier.verify(issuer.mintToken(change)).catch((error) => error);
      expect(refused).toContain(error.code);
    }
  });
});
