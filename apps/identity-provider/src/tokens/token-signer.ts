import { randomUUID, sign } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings, SigningSettings } from '#libs/config/settings.js';
import { newId } from '#libs/core/ids.js';
import { acrOf } from '../sessions/authentication-methods.js';
import { SETTINGS } from '../settings.js';
import { NativeKeysService } from './native-keys.service.js';

/** The account and session of a token, with the values of its claims. */
export interface TokenSubject {
  accountId: string;
  sessionId: string;
  email: string;
  emailVerified: boolean;
  firstName: string | null;
  lastName: string | null;
  role: string;
  permissions: readonly string[];
  amr: readonly string[];
  authenticatedAt: Date;
}

/** Both in seconds since the epoch. */
export interface TokenLife {
  issuedAt: number;
  expiresAt: number;
}

/** The OAuth client that a token is issued to (RFC 9068, section 2.2). */
export interface TokenClient {
  id: string;
  /** Space-separated; null for none. */
  scope: string | null;
}

/** In characters. Many servers and proxies refuse longer headers. */
export const MAX_SIGNED_LENGTH = 8 * 1024;
/** RFC 9068 (section 2.2) requires a client id: for `POST /auth/login` the client is Twinkey itself. */
export const OWN_CLIENT_ID = 'twinkey';
const TWINKEY: TokenClient = { id: OWN_CLIENT_ID, scope: null };

/** A client that acts for itself (client credentials): no person, and no row in `sessions`. */
export interface ServiceSubject {
  clientId: string;
  role: string | null;
  permissions: readonly string[];
}

/** Issues native access tokens: JWTs (RFC 9068) signed with RS256 (RFC 7518, section 3.3). */
@Injectable()
export class TokenSigner {
  private readonly settings: SigningSettings;

  constructor(
    @Inject(SETTINGS) settings: Pick<IdentityProviderSettings, 'signing'>,
    private readonly keys: NativeKeysService = new NativeKeysService(settings),
  ) {
    this.settings = settings.signing;
  }

  /**
   * Signs synchronously, because bcrypt may occupy all threads of libuv's pool.
   * @throws ApiError 503 if the signing key was withdrawn
   */
  sign(subject: TokenSubject, life: TokenLife, client = TWINKEY): string {
    const { kid, privateKey } = this.keys.signing;
    const input = `${headerOf(kid)}.${encode(this.claimsOf(subject, life, client))}`;
    return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  }

  /**
   * The claims of a person's access token, for `POST /auth/login` and for OAuth clients.
   * Leaves out the permissions if the token would be too long; `GET /auth/me` always returns them.
   */
  claimsOf(subject: TokenSubject, life: TokenLife, client = TWINKEY): Record<string, unknown> {
    const claims = {
      ...this.commonClaims(subject.accountId, life, client),
      sid: subject.sessionId,
      email: subject.email,
      email_verified: subject.emailVerified,
      preferred_username: subject.email,
      // Null means that there is no name; a missing claim would mean that the name is unknown.
      given_name: subject.firstName,
      family_name: subject.lastName,
      role: subject.role,
      // RFC 9068, section 2.2.1.
      auth_time: Math.floor(subject.authenticatedAt.getTime() / 1000),
      acr: acrOf(subject.amr),
      amr: subject.amr,
    };
    return this.fitted(claims, subject.permissions);
  }

  /** The claims of a client's own access token: `sub` is the client, and each token has a `sid` that can be revoked. */
  serviceClaimsOf(subject: ServiceSubject, life: TokenLife, client: TokenClient): Record<string, unknown> {
    const { clientId, role, permissions } = subject;
    const common = { ...this.commonClaims(clientId, life, client), sid: newId() };
    const claims = { ...common, ...(role === null ? {} : { role }) };
    return this.fitted(claims, permissions);
  }

  private commonClaims(subject: string, { issuedAt, expiresAt }: TokenLife, { id, scope }: TokenClient) {
    return {
      iss: this.settings.issuer,
      aud: this.settings.audience,
      sub: subject,
      client_id: id,
      ...(scope === null ? {} : { scope }),
      exp: expiresAt,
      iat: issuedAt,
      jti: randomUUID(),
    };
  }

  private fitted(claims: Record<string, unknown>, permissions: readonly string[]): Record<string, unknown> {
    const { kid, privateKey } = this.keys.signing;
    const complete = { ...claims, permissions };
    const signatureLength = Math.ceil((privateKey.asymmetricKeyDetails?.modulusLength ?? 4_096) / 6);
    const length = headerOf(kid).length + encode(complete).length + signatureLength + 2;
    return length <= MAX_SIGNED_LENGTH ? complete : claims;
  }
}

const headerOf = (kid: string): string => encode({ alg: 'RS256', typ: 'at+jwt', kid });

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
