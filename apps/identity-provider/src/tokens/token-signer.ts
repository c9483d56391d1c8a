import { randomUUID, sign } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings, SigningSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';

/** Whom a token is for, and what it says of him. Times are the signer's. */
export interface TokenSubject {
  accountId: string;
  sessionId: string;
  email: string;
  firstName: string | null;
  lastName: string | null;
  role: string;
  permissions: readonly string[];
}

/** Longer headers are refused by many servers and proxies, though we take longer ones (characters). */
export const MAX_SIGNED_LENGTH = 8 * 1024;
/** RFC 9068 (section 2.2) wants a client named: who signs in with `POST /auth/login` does so at Twinkey itself. */
const CLIENT_ID = 'twinkey';

/** Issues native access tokens: JWTs (RFC 9068) signed with RS256 (RFC 7518, section 3.3). */
@Injectable()
export class TokenSigner {
  private readonly settings: SigningSettings;
  private readonly header: string;

  constructor(@Inject(SETTINGS) { signing }: Pick<IdentityProviderSettings, 'signing'>) {
    this.settings = signing;
    this.header = encode({ alg: 'RS256', typ: 'at+jwt', kid: signing.kid });
  }

  /** When a token that is issued at `issuedAt` (seconds since the epoch) ends, in whole seconds. */
  expiryOf(issuedAt: number): number {
    return issuedAt + Math.floor(this.settings.lifetimeSeconds);
  }

  /**
   * Synchronous on purpose: libuv's threads, where asynchronous signing would queue, may be full of bcrypt.
   * Permissions so many that the token would be too long are left out: what holds, `GET /auth/me` says in any case.
   * @param issuedAt seconds since the epoch
   */
  sign(subject: TokenSubject, issuedAt: number): string {
    const claims = {
      iss: this.settings.issuer,
      aud: this.settings.audience,
      sub: subject.accountId,
      client_id: CLIENT_ID,
      exp: this.expiryOf(issuedAt),
      iat: issuedAt,
      jti: randomUUID(),
      sid: subject.sessionId,
      email: subject.email,
      preferred_username: subject.email,
      // Null says that there is none; a claim that is left out would say nothing.
      given_name: subject.firstName,
      family_name: subject.lastName,
      role: subject.role,
    };
    const token = this.signed({ ...claims, permissions: subject.permissions });
    return token.length <= MAX_SIGNED_LENGTH ? token : this.signed(claims);
  }

  private signed(claims: object): string {
    const input = `${this.header}.${encode(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), this.settings.privateKey).toString('base64url')}`;
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
