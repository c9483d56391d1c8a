/**
 * A verified token, as far as a later change can concern it. One token has one such object for as long as it is cached,
 * so an implementation can keep what it derives from it in a WeakMap.
 */
export interface TokenReference {
  /** The `iss` claim. */
  readonly issuer: string;
  /** The `sub` claim. */
  readonly subject: string;
  /** The `sid` claim. */
  readonly sessionId: string | null;
  /** The `kid` of the key that verified the token. */
  readonly keyId: string;
  /** The `iat` claim, in seconds since the epoch. */
  readonly issuedAt: number;
  /** The `role` claim of a native token. */
  readonly role: string | null;
  /** The Twinkey roles of the token: a native token's own, or those that the role map gives to a Keycloak token. */
  readonly roles: readonly string[];
}

/** The rights that a caller has now. */
export interface CurrentAuthority {
  /** Of a native caller. */
  readonly role: string | null;
  readonly permissions: readonly string[];
}

/**
 * What is known about tokens that have not expired, beyond their claims: ended sessions, subjects and keys, current roles.
 * Both methods run for every request, also where the token is cached: they are synchronous and cheap.
 */
export interface AuthorityState {
  /**
   * @throws TokenError with code `session_ended`, `subject_ended` or `key_withdrawn`; with `authority_unknown` where the
   *   feed is lost and `onFeedLoss` is `refuse`
   */
  assertNotRevoked(
    token: Pick<TokenReference, 'issuer' | 'subject' | 'sessionId' | 'keyId' | 'issuedAt'>,
  ): void;
  /** The caller's current role and permissions; undefined where the claims of the token are the best that is known. */
  currentAuthority(
    token: Pick<TokenReference, 'issuer' | 'subject' | 'role' | 'roles'>,
  ): CurrentAuthority | undefined;
}
