import { type AuditFields, changesOf, type NewAuditEvent } from '#libs/audit/audit-writer.js';
import type { AccountWithRole } from './account-rows.js';

/** The fields of an account in the audit log: those of its replies, without the password. */
export const auditedAccount = ({
  email,
  emailVerified,
  firstName,
  lastName,
  status,
  role,
}: AccountWithRole): AuditFields => ({
  email,
  email_verified: emailVerified,
  first_name: firstName,
  last_name: lastName,
  status,
  role: { id: role.id, name: role.name },
});

/** The events of a change by an administrator; none where nothing has changed. */
export function accountChanges(
  before: AuditFields,
  account: AccountWithRole,
  hasNewPassword: boolean,
): NewAuditEvent[] {
  const changes = changesOf(before, auditedAccount(account));
  return [
    ...(changes ? [{ action: 'account.updated', targetId: account.id, details: changes } as const] : []),
    ...(hasNewPassword ? [{ action: 'password.reset', targetId: account.id } as const] : []),
  ];
}
