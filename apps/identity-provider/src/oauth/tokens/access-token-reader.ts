import { Inject, Injectable } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { TrustedIssuers } from '#libs/verify/src/issuers/trusted-issuers.js';
import type { VerifiedToken } from '#libs/verify/src/principal.js';
import { acceptClaims } from '#libs/verify/src/token/claims.js';
import { assertSigned } from '#libs/verify/src/token/signature.js';
import { parseUnverifiedToken } from '#libs/verify/src/token/unverified-token.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { SETTINGS } from '../../settings.js';
import { NativeKeysService } from '../../tokens/native-keys.service.js';
import { ownIssuer } from '../../tokens/own-issuer.js';

/** A verified native access token, with the claims that only OAuth knows. */
export interface NativeToken extends VerifiedToken {
  audience: string;
  /** Null for a token of `POST /auth/login`, which has none. */
  scope: string | null;
}

/** Verifies native access tokens outside of Nest's guard, for the endpoints whose form OAuth defines. */
@Injectable()
export class AccessTokenReader {
  private readonly issuers: TrustedIssuers;

  constructor(
    @Inject(SETTINGS) private readonly settings: IdentityProviderSettings,
    keys: NativeKeysService,
  ) {
    this.issuers = new TrustedIssuers([ownIssuer(settings, keys)]);
  }

  get audience(): string {
    return this.settings.signing.audience;
  }

  /** Does not look at the session. @returns null for anything but a valid native access token */
  async find(raw: string): Promise<NativeToken | null> {
    try {
      const unverified = await parseUnverifiedToken(raw, this.issuers);
      assertSigned(unverified);
      const { claims } = unverified;
      return {
        ...acceptClaims(unverified, Date.now() / 1_000),
        audience: this.audience,
        scope: typeof claims['scope'] === 'string' ? claims['scope'] : null,
      };
    } catch (error) {
      if (error instanceof TokenError) return null;
      throw error;
    }
  }
}
