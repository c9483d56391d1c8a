import type { Identity, IssuerName } from '#libs/database/users/identity.entity.js';
import type { User, UserStatus } from '#libs/database/users/user.entity.js';
import { userDeleted, userSuspended } from './users.errors.js';

/** A person as one identity shows him: the application's fields beside what the issuer last said. */
export interface Profile {
  id: string;
  issuer: IssuerName;
  sub: string;
  username: string | null;
  email: string | null;
  firstName: string | null;
  lastName: string | null;
  displayName: string | null;
  profilePicture: string | null;
  status: UserStatus;
  settings: Record<string, unknown>;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  /** When the issuer said the fields that it owns. */
  assertedAt: Date;
}

/** What an issuer says of a person; undefined where it does not say. */
export interface IssuerProfile {
  issuer: IssuerName;
  sub: string;
  username?: string | null;
  email?: string | null;
  firstName?: string | null;
  lastName?: string | null;
  assertedAt: Date;
}

/** `FROM` and columns of every profile that is read: `u` the user, `i` the identity. */
export const PROFILE_COLUMNS = `u.id, i.issuer, i.sub, i.username, i.email,
  i.first_name AS "firstName", i.last_name AS "lastName", u.display_name AS "displayName",
  u.profile_picture AS "profilePicture", u.status, u.settings, u.version,
  u.created_at AS "createdAt", u.updated_at AS "updatedAt", i.told_at AS "assertedAt"`;
export const PROFILE_TABLES = 'users.identities i JOIN users.users u ON u.id = i.user_id';

/** A loaded user as his first identity shows him; today each has one. */
export function profileOf(user: User): Profile {
  const identity = user.identities?.[0];
  if (!identity) throw new Error('A user without an identity.');
  return { ...user, ...pick(identity) };
}

/** @throws ApiError 403 `user_suspended`, `user_deleted` */
export function requireActive(status: UserStatus): void {
  if (status === 'suspended') throw userSuspended();
  if (status === 'deleted') throw userDeleted();
}

const pick = ({ issuer, sub, username, email, firstName, lastName, assertedAt }: Identity) => ({
  issuer,
  sub,
  username,
  email,
  firstName,
  lastName,
  assertedAt,
});
