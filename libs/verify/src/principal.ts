import type { TokenReference } from './authority-state.js';
import type { IssuerId } from './issuers/issuer-id.js';

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
  readonly emailVerified?: boolean;
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
  /** Twinkey roles: a native token's own, or a Keycloak token's realm roles, translated by the role map. */
  readonly roles: readonly string[];
  /** A native token's permissions at the time of its issue. A Keycloak token has none. */
  readonly permissions: readonly string[];
  /** What a revocation of the token can name. */
  readonly reference: TokenReference;
}

/**
 * The caller of a request, with the names that `GET /auth/me` uses. The identity is the pair (issuer, sub), never an email
 * or a username.
 */
export interface Principal {
  readonly issuer: IssuerId;
  readonly issuer_kind: IssuerKind;
  readonly sub: string;
  readonly username: string | null;
  readonly email: string | null;
  /** True only where the issuer has verified that the address is the caller's. */
  readonly email_verified: boolean;
  readonly first_name: string | null;
  readonly last_name: string | null;
  /** `service`: a program that signed in for itself (client credentials). */
  readonly kind: 'person' | 'service';
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** Times in seconds since the epoch. */
  readonly token: { readonly id: string | null; readonly issued_at: number; readonly expires_at: number };
}

/** The principal from the token's claims alone. */
export function principalOf(token: VerifiedToken): Principal {
  return {
    issuer: token.issuer,
    issuer_kind: token.issuerKind,
    sub: token.subject,
    username: token.username ?? null,
    email: token.email ?? null,
    email_verified: token.emailVerified ?? false,
    first_name: token.firstName ?? null,
    last_name: token.lastName ?? null,
    kind: token.kind,
    roles: token.roles,
    permissions: token.permissions,
    token: { id: token.tokenId, issued_at: token.issuedAt, expires_at: token.expiresAt },
  };
}

/** Includes every other permission. There are no other wildcards. */
export const ALL_PERMISSIONS = '*';

/** Whether `permissions` includes `permission`: names are compared exactly; `accounts:*` is no wildcard. */
export const hasPermission = (permissions: readonly string[], permission: string): boolean =>
  permissions.includes(permission) || permissions.includes(ALL_PERMISSIONS);
