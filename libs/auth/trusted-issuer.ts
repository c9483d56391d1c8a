import type { OnApplicationShutdown } from '@nestjs/common';
import type { IssuerId } from '#libs/core/issuer-id.js';
import type { JsonObject } from './compact-token.js';
import type { KeySource } from './key-source.js';
import type { IssuerKind, VerifiedToken } from './principal.js';

/** The claims that each issuer names in its own way. `claims.ts` checks those that all tokens have in common. */
export type IssuerClaims = Omit<
  VerifiedToken,
  'issuer' | 'issuerKind' | 'subject' | 'kid' | 'issuedAt' | 'expiresAt'
>;

/** How the tokens of one issuer are verified and read. */
export interface TrustedIssuer {
  readonly id: IssuerId;
  readonly kind: IssuerKind;
  /** The `iss` claim, compared exactly. */
  readonly iss: string;
  /** The `aud` claim must contain it. */
  readonly audience: string;
  /** The values of the header's `typ` that its access tokens may have. */
  readonly headerTypes: readonly string[];
  /** The `typ` claim of its access tokens; null where it has no such claim. */
  readonly tokenUse: string | null;
  /** From `iat` to `exp`. */
  readonly maxLifetimeSeconds: number;
  readonly keys: KeySource;
  /**
   * Maps its claims to ours. Claims of an unexpected type are ignored, others are not read.
   * @param issuedAt the `iat` claim, once it is checked
   */
  read(claims: JsonObject, issuedAt: number): IssuerClaims;
}

/** The registry of the issuers whose tokens are accepted. */
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
