import { verify } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { acceptClaims } from '#libs/auth/claims.js';
import type { VerifiedToken } from '#libs/auth/principal.js';
import { TokenRejected } from '#libs/auth/token-rejected.js';
import { TrustedIssuers } from '#libs/auth/trusted-issuer.js';
import { parseUnverifiedToken, type UnverifiedToken } from '#libs/auth/unverified-token.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../../settings.js';
import { ownIssuer } from '../../tokens/own-issuer.js';

/** A verified native access token, with the claims that only OAuth knows. */
export interface NativeToken extends VerifiedToken {
  clientId: string | null;
  audience: string;
  /** Null for a token of `POST /auth/login`, which has none. */
  scope: string | null;
}

/** Verifies native access tokens outside of Nest's guard, for the endpoints whose form OAuth defines. */
@Injectable()
export class AccessTokenReader {
  private readonly issuers: TrustedIssuers;

  constructor(@Inject(SETTINGS) private readonly settings: IdentityProviderSettings) {
    this.issuers = new TrustedIssuers([ownIssuer(settings)]);
  }

  get audience(): string {
    return this.settings.signing.audience;
  }

  /** Does not look at the session. @returns null for anything but a valid native access token */
  async find(raw: string): Promise<NativeToken | null> {
    try {
      const unverified = await parseUnverifiedToken(raw, this.issuers);
      if (!hasValidSignature(unverified)) return null;
      const { claims } = unverified;
      return {
        ...acceptClaims(unverified, Date.now() / 1_000),
        audience: this.audience,
        clientId: typeof claims['client_id'] === 'string' ? claims['client_id'] : null,
        scope: typeof claims['scope'] === 'string' ? claims['scope'] : null,
      };
    } catch (error) {
      if (error instanceof TokenRejected) return null;
      throw error;
    }
  }
}

/** RFC 7515, section 5.2. Synchronous, because bcrypt may occupy libuv's pool. */
function hasValidSignature({ raw, key }: UnverifiedToken): boolean {
  const end = raw.lastIndexOf('.');
  return verify('sha256', Buffer.from(raw.slice(0, end)), key, Buffer.from(raw.slice(end + 1), 'base64url'));
}
