import { keycloakIssuer } from '#libs/verify/src/issuers/keycloak-issuer.js';
import { nativeIssuer } from '#libs/verify/src/issuers/native-issuer.js';
import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import {
  keycloakToken,
  type Members,
  nativeToken,
  signToken,
  testKey,
} from '#libs/verify/src/testing/tokens.js';

export const NATIVE = 'https://id.example.com';
export const NATIVE_AUDIENCE = 'https://api.example.com';
export const KEYCLOAK = 'https://keycloak.example.com/realms/myrealm';
export const DAY = 24 * 60 * 60;

export const nativeKey = testKey('native-1');
export const keycloakKey = testKey('keycloak-1');
/** An unknown key under the id of a trusted one. */
export const strangerKey = testKey('native-1');

/** The differences from a valid token. Undefined members are left out. */
export interface Change {
  header?: Members;
  claims?: Members;
}

export const native = ({ header, claims }: Change = {}) => {
  const good = nativeToken(NATIVE, NATIVE_AUDIENCE, nativeKey.kid);
  return { header: { ...good.header, ...header }, claims: { ...good.claims, ...claims } };
};
export const keycloak = ({ header, claims }: Change = {}) => {
  const good = keycloakToken(KEYCLOAK, 'user-service', keycloakKey.kid);
  return { header: { ...good.header, ...header }, claims: { ...good.claims, ...claims } };
};
export const signedNative = (change?: Change) => signToken(native(change), nativeKey);
export const signedKeycloak = (change?: Change) => signToken(keycloak(change), keycloakKey);

/** Leaves these members out. */
export const without = (...names: string[]): Members =>
  Object.fromEntries(names.map((name) => [name, undefined]));

export const NATIVE_OPTIONS = { issuer: NATIVE, audience: NATIVE_AUDIENCE, maxLifetimeSeconds: 7 * DAY };
export const KEYCLOAK_OPTIONS = {
  url: 'https://keycloak.example.com',
  realm: 'myrealm',
  audience: 'user-service',
  roleMap: { helpdesk: 'support' },
};

/** The issuers of the tokens above. */
export const trusted = (): TrustedIssuer[] => [
  nativeIssuer({ ...NATIVE_OPTIONS, keys: [nativeKey] }),
  keycloakIssuer({ ...KEYCLOAK_OPTIONS, keys: [keycloakKey] }),
];
