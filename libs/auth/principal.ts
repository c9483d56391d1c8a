import type { IssuerId } from '#libs/core/issuer-id.js';

/** `native`: identity-provider, whose subjects are its accounts. `keycloak`: a realm of Keycloak. */
export type IssuerKind = 'native' | 'keycloak';

/** What a token says once it has proved itself: the same form, whichever issuer it comes from. */
export interface VerifiedToken {
  readonly issuer: IssuerId;
  readonly issuerKind: IssuerKind;
  readonly subject: string;
  /** `service` for a client-credentials token: a program that acts for itself. */
  readonly kind: 'person' | 'service';
  /**
   * False where the token has no username, or one that may be a service account's: then `kind` is a guess, and only the
   * issuer knows who the subject is.
   */
  readonly namesPerson: boolean;
  /** Undefined where the token does not say: what is known already then stays. */
  readonly username?: string;
  readonly email?: string;
  /** Null where the token says that there is none. */
  readonly firstName?: string | null;
  readonly lastName?: string | null;
  readonly tokenId: string | null;
  readonly sessionId: string | null;
  /** Seconds since the epoch, as `expiresAt`. */
  readonly issuedAt: number;
  /** When the issuer asserted the claims (milliseconds since the epoch): `issuedAt`, or more precise where the issuer tells. */
  readonly assertedAt: number;
  readonly expiresAt: number;
  /** Keycloak's realm roles as Keycloak names them; none for a native token. */
  readonly realmRoles: readonly string[];
  /** Twinkey roles, as the token says or as the role map makes them of `realmRoles`. */
  readonly roles: readonly string[];
  /** As a native token says; none for a Keycloak one. identity-provider alone knows what holds now. */
  readonly permissions: readonly string[];
  /** The key that verified it. */
  readonly kid: string;
}

/** Whoever makes a request. The pair (issuer, sub) is the identity, never an email or a username. */
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
  /** Times in seconds since the epoch. */
  readonly token: { readonly id: string | null; readonly issuedAt: number; readonly expiresAt: number };
}

/** The principal on the token's word alone. */
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
    token: { id: token.tokenId, issuedAt: token.issuedAt, expiresAt: token.expiresAt },
  };
}
