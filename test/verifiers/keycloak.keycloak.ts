import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { createRealm, type TestRealm, type TestUser } from '../support/keycloak.js';
import type { TokenSet } from '../support/keycloak-tokens.js';
import { EXAMPLES, JOSE_WITH_BOTH } from './examples.js';
import { tampered } from './tampered-token.js';
import type { VerifierSettings } from './verifier.js';

let realm: TestRealm;
let idp: TestIdentityProvider;
let trusted: VerifierSettings;
let user: TestUser;
let tokens: TokenSet;

beforeAll(async () => {
  [realm, idp] = await Promise.all([createRealm(), startTestIdentityProvider()]);
  const jwksUrl = `${realm.issuer}/protocol/openid-connect/certs`;
  trusted = { issuer: realm.issuer, audience: 'user-service', jwksUrl, typ: 'JWT' };
  user = await realm.createUser();
  tokens = await realm.signIn(user);
});
afterAll(async () => {
  await idp?.close();
  await realm?.delete();
});

describe.each(EXAMPLES)('$name', { timeout: 300_000 }, ({ start, nativeOnly }) => {
  it(
    nativeOnly ? 'refuses tokens of Keycloak' : "takes Keycloak's access token, and nothing else",
    async () => {
      const verifier = await start(trusted);
      try {
        expect(await verifier.verify(tokens.accessToken)).toBe(nativeOnly ? null : user.id);
        expect(await verifier.verify(tampered(tokens.accessToken))).toBeNull();
        expect(await verifier.verify(tokens.idToken as string), 'ID token').toBeNull();
      } finally {
        await verifier.close();
      }
    },
  );
});

it(`${JOSE_WITH_BOTH.name}: each token is judged by the rules of its issuer`, async () => {
  const { issuer, audience } = idp.settings.signing;
  const jwksUrl = idp.api.url.replace('/api/v1', '/.well-known/jwks.json');
  const { account, api } = await idp.signIn([]);
  const verifier = await JOSE_WITH_BOTH.start({ issuer, audience, jwksUrl, typ: 'at+jwt' }, trusted);
  expect(await verifier.verify(tokens.accessToken)).toBe(user.id);
  expect(await verifier.verify(api.token as string)).toBe(account.id);
  expect(await verifier.verify(tokens.idToken as string)).toBeNull();
});
