/** What a target's id names. */
export type AuditTargetType = 'account' | 'session' | 'role' | 'permission' | 'user' | 'key' | 'client';

interface ActionRule {
  /** `failure`: something was refused. */
  outcome: 'success' | 'failure';
  target: AuditTargetType;
}

const done = (target: AuditTargetType) => ({ outcome: 'success', target }) as const satisfies ActionRule;
const refused = (target: AuditTargetType) => ({ outcome: 'failure', target }) as const satisfies ActionRule;

/** Every action of the audit log, `resource.verb`, with its outcome and target. `docs/audit.md` describes each. */
export const AUDIT_ACTIONS = {
  'session.started': done('session'),
  'session.ended': done('session'),
  'session.reuse_detected': refused('session'),
  'login.failed': refused('account'),
  'login.throttled': refused('account'),
  'account.created': done('account'),
  'account.updated': done('account'),
  'account.deleted': done('account'),
  'account.registration_requested': done('account'),
  'account.invited': done('account'),
  'email.verified': done('account'),
  'email.change_requested': done('account'),
  'email.changed': done('account'),
  'email.change_undone': done('account'),
  'password.reset_requested': done('account'),
  'password.changed': done('account'),
  'password.reset': done('account'),
  'factor.added': done('account'),
  'factor.removed': done('account'),
  'factor.recovery_code_used': done('account'),
  'browser.trusted': done('account'),
  'role.created': done('role'),
  'role.updated': done('role'),
  'role.deleted': done('role'),
  'role.permission_granted': done('role'),
  'role.permission_revoked': done('role'),
  'permission.created': done('permission'),
  'permission.updated': done('permission'),
  'permission.deleted': done('permission'),
  'client.created': done('client'),
  'client.updated': done('client'),
  'client.deleted': done('client'),
  'client.secret_created': done('client'),
  'key.published': done('key'),
  'key.activated': done('key'),
  'key.withdrawn': done('key'),
  'user.provisioned': done('user'),
  'user.updated': done('user'),
  'user.suspended': done('user'),
  'user.reactivated': done('user'),
  'user.deleted': done('user'),
  'user.removed': done('user'),
} as const satisfies Record<string, ActionRule>;

export type AuditAction = keyof typeof AUDIT_ACTIONS;

export const AUDIT_ACTION_NAMES = Object.keys(AUDIT_ACTIONS) as AuditAction[];

export const AUDIT_TARGET_TYPES = [
  ...new Set(Object.values(AUDIT_ACTIONS).map(({ target }) => target)),
] as readonly string[];
