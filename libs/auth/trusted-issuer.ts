import type { OnApplicationShutdown } from '@nestjs/common';
import type { IssuerId } from '#libs/core/issuer-id.js';
import type { JsonObject } from './compact-token.js';
import type { KeySource } from './key-source.js';
import type { IssuerKind, VerifiedToken } from './principal.js';

/** What an issuer's own claims say of the caller; what every token must say is `claims.ts`'s matter. */
export type IssuerClaims = Omit<
  VerifiedToken,
  'issuer' | 'issuerKind' | 'subject' | 'kid' | 'issuedAt' | 'expiresAt'
>;

/** All that decides about the tokens of one issuer: its rules, its keys, and its names for things. */
export interface TrustedIssuer {
  readonly id: IssuerId;
  readonly kind: IssuerKind;
  /** The `iss` claim, compared exactly. */
  readonly iss: string;
  /** What the `aud` claim must hold. */
  readonly audience: string;
  /** The header's `typ`s that an access token of this issuer may have. */
  readonly headerTypes: readonly string[];
  /** The `typ` claim of its access tokens, where it tells the kinds of its tokens apart by that. */
  readonly tokenUse: string | null;
  /** From `iat` to `exp`. */
  readonly maxLifetimeSeconds: number;
  readonly keys: KeySource;
  /**
   * Maps its claims to ours: a whitelist, tolerant of any type.
   * @param issuedAt the `iat` claim, once it is checked
   */
  read(claims: JsonObject, issuedAt: number): IssuerClaims;
}

/** The issuers that are trusted, and no others. */
export class TrustedIssuers implements OnApplicationShutdown {
  private readonly byIss: ReadonlyMap<string, TrustedIssuer>;

  constructor(issuers: readonly TrustedIssuer[]) {
    this.byIss = new Map(issuers.map((issuer) => [issuer.iss, issuer]));
    if (this.byIss.size !== issuers.length) throw new Error('Two trusted issuers have the same `iss`.');
    const ids = new Set(issuers.map(({ id }) => id));
    if (ids.size !== issuers.length) throw new Error('Two trusted issuers have the same id.');
  }

  find(iss: unknown): TrustedIssuer | undefined {
    return typeof iss === 'string' ? this.byIss.get(iss) : undefined;
  }

  onApplicationShutdown(): void {
    for (const issuer of this.byIss.values()) issuer.keys.close();
  }
}
