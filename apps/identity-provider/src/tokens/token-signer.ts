import { randomUUID, sign } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings, SigningSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';
import { NativeKeysService } from './native-keys.service.js';

/** The account and session of a token, with the values of its claims. */
export interface TokenSubject {
  accountId: string;
  sessionId: string;
  email: string;
  firstName: string | null;
  lastName: string | null;
  role: string;
  permissions: readonly string[];
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
export const TWINKEY: TokenClient = { id: 'twinkey', scope: null };

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
   * Leaves out the permissions if the token would be too long; `GET /auth/me` always returns them.
   * @throws ApiError 503 if the signing key was withdrawn
   */
  sign(subject: TokenSubject, { issuedAt, expiresAt }: TokenLife, client = TWINKEY): string {
    const claims = {
      iss: this.settings.issuer,
      aud: this.settings.audience,
      sub: subject.accountId,
      client_id: client.id,
      ...(client.scope === null ? {} : { scope: client.scope }),
      exp: expiresAt,
      iat: issuedAt,
      jti: randomUUID(),
      sid: subject.sessionId,
      email: subject.email,
      preferred_username: subject.email,
      // Null means that there is no name; a missing claim would mean that the name is unknown.
      given_name: subject.firstName,
      family_name: subject.lastName,
      role: subject.role,
    };
    const token = this.signed({ ...claims, permissions: subject.permissions });
    return token.length <= MAX_SIGNED_LENGTH ? token : this.signed(claims);
  }

  private signed(claims: object): string {
    const { kid, privateKey } = this.keys.signing;
    const input = `${encode({ alg: 'RS256', typ: 'at+jwt', kid })}.${encode(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
