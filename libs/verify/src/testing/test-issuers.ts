import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type KeycloakIssuerOptions, keycloakIssuer } from '../issuers/keycloak-issuer.js';
import { type NativeIssuerOptions, nativeIssuer } from '../issuers/native-issuer.js';
import type { TrustedIssuer } from '../issuers/trusted-issuer.js';
import { keycloakToken, type Members, nativeToken, signToken, type TestKey, testKey } from './tokens.js';

export type { KeycloakIssuerOptions } from '../issuers/keycloak-issuer.js';
export type { NativeIssuerOptions } from '../issuers/native-issuer.js';
export type { TrustedIssuer } from '../issuers/trusted-issuer.js';
export { type Members, type TestKey, testKey } from './tokens.js';

/** The differences from a valid token. Members that are undefined are left out. */
export interface TokenChange {
  readonly header?: Members;
  readonly claims?: Members;
  /** Signs with another key than the issuer's, under the same `kid`. */
  readonly key?: TestKey;
  /** Replaces the signature, in base64url. */
  readonly signature?: string;
}

/** An issuer of a test. Its tokens are those of the real one: `change` says what is different. */
export interface TestIssuer<Options> {
  /** For `native(…)` or `keycloak(…)`. */
  readonly options: Options;
  readonly key: TestKey;
  /** Returns a token that is valid now for the issuer's audience, unless `change` makes it invalid. */
  mintToken(change?: TokenChange): string;
}

export interface TestIssuers {
  readonly native: TestIssuer<NativeIssuerOptions>;
  readonly keycloak: TestIssuer<KeycloakIssuerOptions>;
  /** Both, for `createVerifier({ issuers })`. */
  readonly trusted: TrustedIssuer[];
  /** Ends the server of the keys, if there is one. Can be called again. */
  close(): Promise<void>;
}

export interface TestIssuersOptions {
  /** The audience of the tokens of both; by default `test`. */
  readonly audience?: string;
  /** As in `keycloak({ roleMap })`. A Keycloak token has the realm role `helpdesk`, unless `change` says otherwise. */
  readonly roleMap?: Readonly<Record<string, string>>;
}

const REALM = 'test';
const NATIVE_PATH = '/native';

/** Both issuers in memory: their options contain the public keys, and nothing is fetched. */
export function createTestIssuers(options?: TestIssuersOptions): TestIssuers {
  const keys = { native: testKey('native'), keycloak: testKey('keycloak') };
  return issuersAt('http://issuers.test', keys, options, true, async () => {});
}

/** Both issuers with a server on loopback that publishes their keys as the real ones do. Call `close()` at the end. */
export async function startTestIssuers(options?: TestIssuersOptions): Promise<TestIssuers> {
  const keys = { native: testKey('native'), keycloak: testKey('keycloak') };
  const server = createServer((request, response) => {
    const key = { [`${NATIVE_PATH}/.well-known/jwks.json`]: keys.native, [CERTS_PATH]: keys.keycloak }[
      request.url ?? ''
    ];
    response.writeHead(key ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(key ? { keys: [key.jwk] } : {}));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return issuersAt(`http://127.0.0.1:${port}`, keys, options, false, () => closed(server));
}

const CERTS_PATH = `/realms/${REALM}/protocol/openid-connect/certs`;

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function issuersAt(
  origin: string,
  keys: { native: TestKey; keycloak: TestKey },
  { audience = 'test', roleMap }: TestIssuersOptions = {},
  inMemory: boolean,
  close: () => Promise<void>,
): TestIssuers {
  const given = (key: TestKey) => (inMemory ? { keys: [key] } : {});
  const native: NativeIssuerOptions = {
    issuer: `${origin}${NATIVE_PATH}`,
    audience,
    ...given(keys.native),
  };
  const keycloak: KeycloakIssuerOptions = {
    url: origin,
    realm: REALM,
    audience,
    roleMap,
    ...given(keys.keycloak),
  };
  return {
    native: {
      options: native,
      key: keys.native,
      mintToken: minter(() => nativeToken(native.issuer, audience, keys.native.kid), keys.native),
    },
    keycloak: {
      options: keycloak,
      key: keys.keycloak,
      mintToken: minter(
        () => keycloakToken(`${origin}/realms/${REALM}`, audience, keys.keycloak.kid),
        keys.keycloak,
      ),
    },
    trusted: [nativeIssuer(native), keycloakIssuer(keycloak)],
    close,
  };
}

function minter(good: () => { header: Members; claims: Members }, own: TestKey) {
  return ({ header, claims, key = own, signature }: TokenChange = {}): string => {
    const parts = good();
    const token = signToken(
      { header: { ...parts.header, ...header }, claims: { ...parts.claims, ...claims } },
      key,
    );
    return signature === undefined ? token : token.slice(0, token.lastIndexOf('.') + 1) + signature;
  };
}
