import { type AuditFields, changesOf, type NewAuditEvent } from '#libs/audit/audit-writer.js';
import type { Identity } from '#libs/database/users/identity.entity.js';
import type { User, UserStatus } from '#libs/database/users/user.entity.js';

type IssuerFields = Partial<
  Pick<Identity, 'username' | 'email' | 'emailVerified' | 'firstName' | 'lastName'>
>;

/** The issuer's fields of a user in the audit log; those that are undefined are left out. */
export const auditedIdentity = ({
  username,
  email,
  emailVerified,
  firstName,
  lastName,
}: IssuerFields): AuditFields =>
  Object.fromEntries(
    Object.entries({
      username,
      email,
      email_verified: emailVerified,
      first_name: firstName,
      last_name: lastName,
    }).filter(([, value]) => value !== undefined),
  );

/** An issuer has asserted other fields than before. @returns null where it has not */
export function identityChange(
  userId: string,
  before: IssuerFields,
  asserted: IssuerFields,
): NewAuditEvent | null {
  const changes = changesOf(auditedIdentity(before), auditedIdentity(asserted));
  return changes && { action: 'user.updated', targetId: userId, details: changes };
}

export type ApplicationFields = Pick<User, 'displayName' | 'profilePicture' | 'settings'>;

/** A user has changed their own profile. @returns null where the fields have the same values as before */
export function profileChange(
  userId: string,
  before: ApplicationFields,
  after: ApplicationFields,
): NewAuditEvent | null {
  const changes = changesOf(auditedProfile(before), auditedProfile(after));
  if (!changes) return null;
  const details = { before: withoutSettings(changes.before), after: withoutSettings(changes.after) };
  return { action: 'user.updated', targetId: userId, details };
}

const auditedProfile = ({ displayName, profilePicture, settings }: ApplicationFields): AuditFields => ({
  display_name: displayName,
  profile_picture: profilePicture,
  settings,
});

/** Settings can contain anything, and are large: only their size is stored. */
function withoutSettings({ settings, ...fields }: AuditFields): AuditFields {
  if (settings === undefined) return fields;
  return { ...fields, settings: { bytes: Buffer.byteLength(JSON.stringify(settings)) } };
}

const STATUS_ACTIONS = {
  active: 'user.reactivated',
  suspended: 'user.suspended',
  deleted: 'user.deleted',
} as const;

/** An administrator has changed a user's status. Names are left out: those of a deleted user are erased. */
export const statusChange = (
  { id, issuer, sub, status: before }: { id: string; issuer: string; sub: string; status: UserStatus },
  status: UserStatus,
): NewAuditEvent => ({
  action: STATUS_ACTIONS[status],
  targetId: id,
  details: { issuer, sub, before: { status: before }, after: { status } },
});
