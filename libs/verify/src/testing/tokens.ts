import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A key pair of a test's own issuer, in all forms that tests need. */
export interface TestKey {
  kid: string;
  /** The public key, for `nativeIssuer({ keys })`. */
  key: KeyObject;
  privateKey: KeyObject;
  pem: string;
  jwk: Record<string, unknown>;
}

/** @param options.exponent by default 65537 */
export function testKey(kid: string, { bits = 2048, exponent = 65_537 } = {}): TestKey {
  // Through PEM: exporting a JWK from a key object that was just generated can deadlock Node 20.
  const pair = generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicExponent: exponent,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const key = createPublicKey(pair.publicKey);
  const { n, e } = key.export({ format: 'jwk' });
  return {
    kid,
    key,
    privateKey: createPrivateKey(pair.privateKey),
    pem: pair.publicKey,
    jwk: { kty: 'RSA', n, e, kid, use: 'sig', alg: 'RS256' },
  };
}

export type Members = Record<string, unknown>;

export interface TokenParts {
  /** An object, or JSON text that JSON.stringify would not produce. */
  header: Members | string;
  claims: Members | string;
}

const encode = (part: Members | string): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

export const signingInput = ({ header, claims }: TokenParts): string => `${encode(header)}.${encode(claims)}`;

/** Signs any token with RS256, whichever algorithm its header has. Libraries refuse to make such tokens. */
export function signToken(parts: TokenParts, { privateKey }: Pick<TestKey, 'privateKey'>): string {
  const input = signingInput(parts);
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}

const seconds = () => Math.floor(Date.now() / 1_000);

/** The parts of a valid native access token. Undefined members are left out. */
export function nativeToken(issuer: string, audience: string, kid: string) {
  const iat = seconds();
  return {
    header: { alg: 'RS256', typ: 'at+jwt', kid } as Members,
    claims: {
      iss: issuer,
      aud: audience,
      sub: '0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c11',
      client_id: 'twinkey',
      iat,
      exp: iat + 3_600,
      jti: '0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c12',
      sid: '0199d3a8-6c1e-7b55-9d5f-2f3d7a1f0c13',
      email: 'ada@example.com',
      email_verified: true,
      preferred_username: 'ada@example.com',
      given_name: 'Ada',
      family_name: 'Lovelace',
      role: 'support',
      permissions: ['users:read'],
    } as Members,
  };
}

/** The parts of a valid access token of Keycloak 26.7 with an audience mapper. */
export function keycloakToken(issuer: string, audience: string, kid: string) {
  const iat = seconds();
  return {
    header: { alg: 'RS256', typ: 'JWT', kid } as Members,
    claims: {
      exp: iat + 300,
      iat,
      jti: 'onrtac:8d78d670-327b-f548-df3f-4493192580ca',
      iss: issuer,
      aud: [audience, 'account'],
      sub: 'c0139d68-ba04-4470-8a0f-b9a00b453183',
      typ: 'Bearer',
      azp: 'frontend',
      sid: 'W1jh2eM5uiclAXkyxkqQ6TqE',
      acr: '1',
      realm_access: { roles: ['default-roles-myrealm', 'offline_access', 'helpdesk'] },
      resource_access: { account: { roles: ['manage-account', 'view-profile'] } },
      scope: 'openid email profile',
      email_verified: true,
      name: 'Alice Liddell',
      preferred_username: 'alice',
      given_name: 'Alice',
      family_name: 'Liddell',
      email: 'alice@example.com',
    } as Members,
  };
}
