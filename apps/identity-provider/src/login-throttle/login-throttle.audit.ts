import type { AuditContext } from '#libs/audit/audit-context.js';
import { auditRows, type NewAuditEvent } from '#libs/audit/audit-writer.js';
import { SCOPES, type Scope } from './login-throttle-keys.js';
import type { Counters } from './login-throttle-rules.js';

/** A failed attempt, for the audit log. */
export interface FailedAttempt {
  audit: AuditContext;
  /** Null where no account has the email. */
  accountId: string | null;
  /** The email as it is compared; omitted where no email was given. */
  email?: string;
  /** The OAuth client whose secret was guessed. */
  oauthClientId?: string;
  /** What was tried: a login, its second factor, the current password, a client's secret, or a device's code. */
  attempt: 'login' | 'second_factor' | 'password_change' | 'reauthentication' | 'client_secret' | 'user_code';
}

/**
 * The events of a failed attempt: the failure itself, and each counter that blocks from now on. Refused attempts write
 * nothing, so that the limits bound the number of events.
 * @returns the parameter of `insertAudit`
 */
export function failureRows(failed: FailedAttempt, before: Counters, after: Counters): string {
  const { audit, accountId, attempt } = failed;
  const blocked = SCOPES.filter((scope) => after[scope].blockedUntil !== before[scope].blockedUntil);
  return auditRows(
    audit,
    { action: 'login.failed', targetId: accountId, details: { ...guessed(failed), attempt } },
    ...blocked.map((scope) => throttled(failed, scope, after[scope].blockedUntil)),
  );
}

/** What a secret was guessed for. */
const guessed = ({ email, oauthClientId }: FailedAttempt): Record<string, string> => ({
  ...(email === undefined ? {} : { email }),
  ...(oauthClientId === undefined ? {} : { client_id: oauthClientId }),
});

/** A blocked address concerns no account in particular. */
const throttled = (failed: FailedAttempt, scope: Scope, blockedUntil: number | null): NewAuditEvent => ({
  action: 'login.throttled',
  targetId: scope === 'address' ? null : failed.accountId,
  details: {
    counter: scope,
    ...(scope === 'address' ? {} : guessed(failed)),
    blocked_until: blockedUntil === null ? null : new Date(blockedUntil).toISOString(),
  },
});
