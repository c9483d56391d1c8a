import type { ExecutionContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AuthModule } from '../auth.module.js';
import { BearerGuard } from '../bearer.guard.js';
import { StaticKeys } from '../key-source.js';
import { keycloakIssuer } from '../keycloak-issuer.js';
import { nativeIssuer } from '../native-issuer.js';
import type { VerifiedToken } from '../principal.js';
import { TokenRejected } from '../token-rejected.js';
import type { TrustedIssuer } from '../trusted-issuer.js';
import { keycloakToken, type Members, nativeToken, signToken, testKey } from './tokens.js';

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

const trusted = (): TrustedIssuer[] => [
  nativeIssuer({
    issuer: NATIVE,
    audience: NATIVE_AUDIENCE,
    maxLifetimeSeconds: 7 * DAY,
    keys: [nativeKey],
    jwksUrl: null,
  }),
  {
    ...keycloakIssuer({
      issuer: KEYCLOAK,
      audience: 'user-service',
      jwksUrl: 'http://127.0.0.1:1/',
      roleMap: new Map([['helpdesk', 'support']]),
    }),
    keys: new StaticKeys([keycloakKey]),
  },
];

/** `AuthModule` as an application imports it: tokens go through passport, its strategy and jsonwebtoken. */
export async function startVerifier(issuers = trusted()) {
  const module = await Test.createTestingModule({
    imports: [AuthModule.forRoot({ issuers: { useFactory: () => issuers } })],
  }).compile();
  await module.init();

  async function verify(token: string): Promise<VerifiedToken> {
    const authorization = `Bearer ${token}`;
    const request = { headers: { authorization }, raw: { rawHeaders: ['Authorization', authorization] } };
    const http = { getRequest: () => request, getResponse: () => ({}) };
    return module.get(BearerGuard).verify({ switchToHttp: () => http } as unknown as ExecutionContext);
  }

  /** `accepted`, or the reason of the refusal. */
  const outcome = (token: string): Promise<string> =>
    verify(token).then(
      () => 'accepted',
      (error) => {
        if (error instanceof TokenRejected) return error.reason;
        throw error;
      },
    );

  return { verify, outcome, close: () => module.close() };
}

export type Verifier = Awaited<ReturnType<typeof startVerifier>>;
