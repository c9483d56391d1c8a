import type { AuditContext } from '#libs/audit/audit-context.js';
import { auditRows, type ChangedRows, type NewAuditEvent } from '#libs/audit/audit-writer.js';

/** Who ends sessions and why, for the audit log. */
export interface SessionEnding {
  audit: AuditContext;
  reason:
    | 'logout'
    | 'logout_all'
    | 'ended_by_owner'
    | 'ended_by_administrator'
    | 'password_changed'
    | 'password_reset'
    | 'email_verified'
    | 'email_change_undone'
    | 'account_disabled'
    | 'account_deleted'
    | 'refresh_token_reused'
    | 'token_revoked'
    | 'code_reused'
    | 'client_disabled'
    | 'client_deleted';
  /** The command, where no request ends them. */
  command?: string;
}

/** The parameter of `insertAudit` with `ENDED_SESSIONS`. */
export function endingRows({ audit, reason, command }: SessionEnding): string {
  const details = { reason, ...(command ? { command } : {}) };
  const ended: NewAuditEvent = { action: 'session.ended', targetId: null, details };
  const reused: NewAuditEvent = { action: 'session.reuse_detected', targetId: null };
  return auditRows(audit, ...(reason === 'refresh_token_reused' ? [reused, ended] : [ended]));
}

/** SQL: the rows of a `WITH` query `ended (id, account_id, live)`. Sessions that had expired already are no events. */
export const ENDED_SESSIONS: ChangedRows = {
  from: '(SELECT * FROM ended WHERE live) AS session',
  targetId: 'session.id::text',
  details: `jsonb_build_object('account_id', session.account_id)`,
};
