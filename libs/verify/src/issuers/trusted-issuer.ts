import type { KeySource } from '../keys/key-source.js';
import type { IssuerKind, VerifiedToken } from '../principal.js';
import type { JsonObject } from '../token/compact-token.js';
import type { VerifierObserver } from '../verifier-observer.js';
import type { IssuerId } from './issuer-id.js';

/** The claims that each issuer names in its own way. `claims.ts` checks those that all tokens have in common. */
export type IssuerClaims = Omit<
  VerifiedToken,
  'issuer' | 'issuerKind' | 'subject' | 'issuedAt' | 'expiresAt' | 'reference'
>;

/** How the tokens of one issuer are verified and read. `native(…)` and `keycloak(…)` make it. */
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
  /** Its keys, for one verifier, which closes them. */
  openKeys(observer: Required<VerifierObserver>): KeySource;
  /**
   * Maps its claims to ours. Claims of an unexpected type are ignored, others are not read.
   * @param issuedAt the `iat` claim, once it is checked
   */
  read(claims: JsonObject, issuedAt: number): IssuerClaims;
}
