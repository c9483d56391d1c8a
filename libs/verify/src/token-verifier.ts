import type { AuthorityState } from './authority-state.js';
import { type BearerRequest, bearerToken } from './http/bearer.js';
import type { TrustedIssuers } from './issuers/trusted-issuers.js';
import { type Principal, principalOf, type VerifiedToken } from './principal.js';
import { acceptClaims } from './token/claims.js';
import { MAX_TOKEN_LENGTH } from './token/compact-token.js';
import { assertSigned } from './token/signature.js';
import { parseUnverifiedToken } from './token/unverified-token.js';
import { TokenError } from './token-error.js';
import { VerifiedTokenCache } from './verified-token-cache.js';
import { shielded, type VerifierObserver } from './verifier-observer.js';

/** Verifies access tokens. */
export interface Verifier {
  /**
   * Verifies a token (without `Bearer`) and returns its caller. A token that was verified before is found in a cache.
   * @throws TokenError with a stable `code`, as a rejection
   */
  verify(token: string): Promise<Principal>;
  /**
   * The same with the token in a request's Authorization header, for frameworks that have no entry here.
   * @throws TokenError also `credentials_absent`, `credentials_repeated`, `credentials_malformed`
   */
  authenticate(request: BearerRequest): Promise<Principal>;
  /** Ends all background requests and timers. Then every token is refused with `closed`. Can be called again. */
  close(): Promise<void>;
}

/**
 * Verifies a token in this order:
 * 1. It is found in the cache; or its form and header are checked, its issuer is found, and that issuer's key; its
 *    signature is verified; its claims are checked.
 * 2. What is known beyond the token is applied, also to a cached one: revocations, then the current role.
 */
export class TokenVerifier implements Verifier {
  private readonly cache = new VerifiedTokenCache();
  private readonly observer: Required<VerifierObserver>;
  private closed = false;

  constructor(
    private readonly issuers: TrustedIssuers,
    private readonly authority: (AuthorityState & { close?(): void }) | null,
    observer?: VerifierObserver,
  ) {
    this.observer = shielded(observer);
  }

  verify(token: string): Promise<Principal> {
    return this.observed(() => token);
  }

  authenticate(request: BearerRequest): Promise<Principal> {
    return this.observed(() => {
      const token = bearerToken(request);
      if (token === null) throw new TokenError('credentials_absent');
      return token;
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.issuers.close();
    this.authority?.close?.();
    this.cache.clear();
  }

  private async observed(tokenOf: () => string): Promise<Principal> {
    try {
      return await this.callerOf(tokenOf());
    } catch (error) {
      if (error instanceof TokenError) this.observer.tokenRefused(error);
      throw error;
    }
  }

  private async callerOf(token: string): Promise<Principal> {
    if (this.closed) throw new TokenError('closed');
    if (typeof token !== 'string') throw new TokenError('malformed', typeof token);
    if (token.length > MAX_TOKEN_LENGTH) throw new TokenError('too_large');
    const verified = this.cache.get(token) ?? (await this.verifyNew(token));
    this.authority?.assertNotRevoked(verified.reference);
    return this.currentPrincipal(verified);
  }

  private async verifyNew(raw: string): Promise<VerifiedToken> {
    const unverified = await parseUnverifiedToken(raw, this.issuers);
    assertSigned(unverified);
    const verified = acceptClaims(unverified, Date.now() / 1_000);
    this.cache.set(unverified, verified);
    return verified;
  }

  private currentPrincipal(token: VerifiedToken): Principal {
    const principal = principalOf(token);
    const current = this.authority?.currentAuthority(token.reference);
    if (current === undefined) return principal;
    const { role, permissions } = current;
    const roles = token.issuerKind === 'native' ? (role === null ? [] : [role]) : principal.roles;
    return { ...principal, roles, permissions };
  }
}
