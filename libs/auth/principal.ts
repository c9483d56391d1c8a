import type { IssuerId } from '#libs/core/issuer-id.js';

/** `native`: identity-provider, whose subjects are its accounts. `keycloak`: a realm of Keycloak. */
export type IssuerKind = 'native' | 'keycloak';

/** The claims of a verified token, in one form for all issuers. */
export interface VerifiedToken {
  readonly issuer: IssuerId;
  readonly issuerKind: IssuerKind;
  readonly subject: string;
  /** `service`: a program that signed in for itself (client credentials). */
  readonly kind: 'person' | 'service';
  /**
   * False where the token has no username, or one that may be a service account's. Then `kind` is a guess, and only the
   * issuer knows what the subject is.
   */
  readonly namesPerson: boolean;
  /** Undefined where the token has no such claim: stored values then stay. */
  readonly username?: string;
  readonly email?: string;
  /** Null where the token asserts that there is none. */
  readonly firstName?: string | null;
  readonly lastName?: string | null;
  readonly tokenId: string | null;
  readonly sessionId: string | null;
  /** The OAuth client that the token was issued to. */
  readonly clientId: string | null;
  /** Seconds since the epoch, as `expiresAt`. */
  readonly issuedAt: number;
  /** When the issuer asserted the claims, in milliseconds since the epoch: `issuedAt`, or a more precise time. */
  readonly assertedAt: number;
  readonly expiresAt: number;
  /** Keycloak's names of the realm roles. A native token has none. */
  readonly realmRoles: readonly string[];
  /** Twinkey roles: a native token's own, or `realmRoles` translated by the role map. */
  readonly roles: readonly string[];
  /** A native token's permissions at the time of its issue. A Keycloak token has none. */
  readonly permissions: readonly string[];
  /** The id of the key that verified the token. */
  readonly kid: string;
}

/** The caller of a request. The identity is the pair (issuer, sub), never an email or a username. */
export interface Principal {
  readonly issuer: IssuerId;
  readonly issuerKind: IssuerKind;
  readonly sub: string;
  readonly username: string | null;
  readonly email: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly kind: 'person' | 'service';
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly token: {
    readonly id: string | null;
    readonly sessionId: string | null;
    readonly clientId: string | null;
    /** In seconds since the epoch, as `expiresAt`. */
    readonly issuedAt: number;
    readonly expiresAt: number;
  };
}

/** The principal from the token's claims alone. */
export function principalOf(token: VerifiedToken): Principal {
  return {
    issuer: token.issuer,
    issuerKind: token.issuerKind,
    sub: token.subject,
    username: token.username ?? null,
    email: token.email ?? null,
    firstName: token.firstName ?? null,
    lastName: token.lastName ?? null,
    kind: token.kind,
    roles: token.roles,
    permissions: token.permissions,
    token: {
      id: token.tokenId,
      sessionId: token.sessionId,
      clientId: token.clientId,
      issuedAt: token.issuedAt,
      expiresAt: token.expiresAt,
    },
  };
}
