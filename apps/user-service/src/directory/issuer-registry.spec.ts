import { describe, expect, it } from 'vitest';
import { keycloakIssuer } from '#libs/verify/src/issuers/keycloak-issuer.js';
import { nativeIssuer } from '#libs/verify/src/issuers/native-issuer.js';
import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import { testKey } from '#libs/verify/src/testing/tokens.js';
import type { Issuer } from './issuer.js';
import { IssuerRegistry } from './issuer-registry.js';

const native = nativeIssuer({
  issuer: 'https://id.example.com',
  audience: 'https://api.example.com',
  maxLifetimeSeconds: 3_600,
  keys: [testKey('native-1')],
});

const realm = (id?: string): TrustedIssuer =>
  keycloakIssuer({
    id,
    url: 'https://sso.example.com',
    realm: String(id),
    audience: 'user-service',
  });

/** Neither directory nor rights are used here. */
const entry = (tokens: TrustedIssuer): Issuer => ({ tokens }) as Issuer;

describe('IssuerRegistry', () => {
  const registry = new IssuerRegistry([native, realm(), realm('partners')].map(entry));

  it('finds each issuer by its id', () => {
    expect(registry.get('native').tokens.kind).toBe('native');
    expect(registry.get('keycloak').tokens.kind).toBe('keycloak');
    expect(registry.get('partners').tokens.iss).toBe('https://sso.example.com/realms/partners');
    expect(registry.find('github')).toBeNull();
    expect(() => registry.get('github')).toThrow('github');
  });

  it('lists realms of Keycloak before the native issuer', () => {
    expect(registry.ids).toEqual(['keycloak', 'partners', 'native']);
  });

  it('knows Keycloak also while Keycloak mode is off: its profiles stay', () => {
    const alone = new IssuerRegistry([entry(native)]);
    expect(alone.ids).toEqual(['keycloak', 'native']);
    expect(alone.find('keycloak')).toBeNull();
    expect(() => alone.assertKnown('keycloak')).not.toThrow();
  });

  it('refuses the id of no issuer with 422', () => {
    expect(() => registry.assertKnown('github')).toThrow(
      expect.objectContaining({
        status: 422,
        errors: [expect.objectContaining({ field: 'issuer', code: 'invalid_choice' })],
      }),
    );
    expect(() => registry.assertKnown(undefined)).not.toThrow();
  });
});
