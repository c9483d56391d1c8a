import type { TrustedIssuer } from './issuers/trusted-issuer.js';
import { TrustedIssuers } from './issuers/trusted-issuers.js';
import { TokenVerifier, type Verifier } from './token-verifier.js';
import type { VerifierObserver } from './verifier-observer.js';

export { hasPermission } from './has-permission.js';
export type { BearerRequest } from './http/bearer.js';
export { type KeycloakIssuerOptions, keycloakIssuer as keycloak } from './issuers/keycloak-issuer.js';
export { type NativeIssuerOptions, nativeIssuer as native } from './issuers/native-issuer.js';
export type { TrustedIssuer } from './issuers/trusted-issuer.js';
export type { PublicKey } from './keys/key-source.js';
export type { IssuerKind, Principal } from './principal.js';
export { TokenError, type TokenErrorCode } from './token-error.js';
export type { Verifier } from './token-verifier.js';
export type { KeySetFetch, VerifierObserver } from './verifier-observer.js';

export interface VerifierOptions {
  /** The issuers whose tokens are accepted: `native(…)`, `keycloak(…)`, or both. */
  readonly issuers: readonly TrustedIssuer[];
  /** Callbacks for metrics and logs. */
  readonly observer?: VerifierObserver;
}

const OPTIONS: ReadonlySet<string> = new Set<keyof VerifierOptions>(['issuers', 'observer']);

/**
 * The entry of the package: verifies access tokens of Twinkey and Keycloak locally, with the issuers' public keys.
 * Nothing is fetched before the first token. Timers do not keep the process alive; `close()` ends them.
 * @throws Error where an option is missing, unknown or not valid
 */
export function createVerifier(options: VerifierOptions): Verifier {
  // An option that is silently ignored could be one that refuses tokens.
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0) throw new Error(`Unknown option of createVerifier: ${unknown.join(', ')}.`);
  const { issuers, observer } = options;
  return new TokenVerifier(new TrustedIssuers(issuers, observer), null, observer);
}
