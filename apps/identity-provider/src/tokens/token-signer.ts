import { randomUUID, sign } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings, SigningSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';

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

/** In characters. Many servers and proxies refuse longer headers. */
export const MAX_SIGNED_LENGTH = 8 * 1024;
/** RFC 9068 (section 2.2) requires a client id: for `POST /auth/login` the client is Twinkey itself. */
export const OWN_CLIENT_ID = 'twinkey';

/** What a token has besides its subject. */
export interface TokenIssue extends TokenLife {
  clientId: string;
  tokenId: string;
  /** Only tokens of OAuth clients have one. */
  scope?: string | undefined;
}

/** A client that acts for itself (client credentials): no session, no person. */
export interface ServiceSubject {
  clientId: string;
  role: string | null;
  permissions: readonly string[];
}

/** Issues native access tokens: JWTs (RFC 9068) signed with RS256 (RFC 7518, section 3.3). */
@Injectable()
export class TokenSigner {
  private readonly settings: SigningSettings;
  private readonly header: string;
  /** In characters of base64url. */
  private readonly signatureLength: number;

  constructor(@Inject(SETTINGS) { signing }: Pick<IdentityProviderSettings, 'signing'>) {
    this.settings = signing;
    this.header = encode({ alg: 'RS256', typ: 'at+jwt', kid: signing.kid });
    this.signatureLength = Math.ceil((signing.privateKey.asymmetricKeyDetails?.modulusLength ?? 4_096) / 6);
  }

  /** The longest life of a token that is issued at `issuedAt`, in seconds since the epoch. */
  lifeFrom(issuedAt: number): TokenLife {
    return { issuedAt, expiresAt: issuedAt + Math.floor(this.settings.lifetimeSeconds) };
  }

  /**
   * Signs synchronously, because bcrypt may occupy all threads of libuv's pool.
   */
  sign(subject: TokenSubject, life: TokenLife): string {
    return this.signed(this.claimsOf(subject, { ...life, clientId: OWN_CLIENT_ID, tokenId: randomUUID() }));
  }

  /**
   * The claims of an access token of a person, for `POST /auth/login` and for OAuth clients.
   * Leaves out the permissions if the token would be too long; `GET /auth/me` always returns them.
   */
  claimsOf(subject: TokenSubject, issue: TokenIssue): Record<string, unknown> {
    return this.fitted(
      {
        ...this.common(subject.accountId, issue),
        sid: subject.sessionId,
        email: subject.email,
        preferred_username: subject.email,
        // Null means that there is no name; a missing claim would mean that the name is unknown.
        given_name: subject.firstName,
        family_name: subject.lastName,
        role: subject.role,
      },
      subject.permissions,
    );
  }

  /** The claims of a client's own access token: `sub` is the client, and there is no `sid`. */
  serviceClaimsOf(
    { clientId, role, permissions }: ServiceSubject,
    issue: TokenIssue,
  ): Record<string, unknown> {
    return this.fitted({ ...this.common(clientId, issue), ...(role === null ? {} : { role }) }, permissions);
  }

  private common(subject: string, { clientId, issuedAt, expiresAt, tokenId, scope }: TokenIssue) {
    return {
      iss: this.settings.issuer,
      aud: this.settings.audience,
      sub: subject,
      client_id: clientId,
      exp: expiresAt,
      iat: issuedAt,
      jti: tokenId,
      ...(scope === undefined ? {} : { scope }),
    };
  }

  private fitted(claims: Record<string, unknown>, permissions: readonly string[]): Record<string, unknown> {
    const complete = { ...claims, permissions };
    const length = this.header.length + encode(complete).length + this.signatureLength + 2;
    return length <= MAX_SIGNED_LENGTH ? complete : claims;
  }

  private signed(claims: object): string {
    const input = `${this.header}.${encode(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), this.settings.privateKey).toString('base64url')}`;
  }
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
