import type { Identity } from '#libs/database/users/identity.entity.js';
import type { User, UserStatus } from '#libs/database/users/user.entity.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { userDeleted, userSuspended } from './users.errors.js';

/** A user with one identity: the application's fields and the issuer's last known ones. */
export interface Profile {
  id: string;
  issuer: IssuerId;
  sub: string;
  username: string | null;
  email: string | null;
  emailVerified: boolean | null;
  firstName: string | null;
  lastName: string | null;
  displayName: string | null;
  profilePicture: string | null;
  status: UserStatus;
  settings: Record<string, unknown>;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  /** When the issuer asserted the fields that it owns. */
  assertedAt: Date;
}

/** What an issuer asserts about a user. Undefined fields are not asserted. */
export interface IssuerProfile {
  issuer: IssuerId;
  sub: string;
  username?: string | null;
  email?: string | null;
  emailVerified?: boolean | null;
  firstName?: string | null;
  lastName?: string | null;
  assertedAt: Date;
}

/** The columns and tables of a profile: `u` is the user, `i` the identity. */
export const PROFILE_COLUMNS = `u.id, i.issuer, i.sub, i.username, i.email,
  i.email_verified AS "emailVerified", i.first_name AS "firstName", i.last_name AS "lastName", u.display_name AS "displayName",
  u.profile_picture AS "profilePicture", u.status, u.settings, u.version,
  u.created_at AS "createdAt", u.updated_at AS "updatedAt", i.told_at AS "assertedAt"`;
export const PROFILE_TABLES = 'users.identities i JOIN users.users u ON u.id = i.user_id';

/** The profile of a loaded user. Each user has one identity today. */
export function profileOf({ identities, ...fields }: User): Profile {
  const identity = identities?.[0];
  if (!identity) throw new Error('The user has no identity.');
  return { ...fields, ...issuerFieldsOf(identity) };
}

/** @throws ApiError 403 `user_suspended`, `user_deleted` */
export function requireActive(status: UserStatus): void {
  if (status === 'suspended') throw userSuspended();
  if (status === 'deleted') throw userDeleted();
}

const issuerFieldsOf = ({
  issuer,
  sub,
  username,
  email,
  emailVerified,
  firstName,
  lastName,
  assertedAt,
}: Identity) => ({
  issuer,
  sub,
  username,
  email,
  emailVerified,
  firstName,
  lastName,
  assertedAt,
});
