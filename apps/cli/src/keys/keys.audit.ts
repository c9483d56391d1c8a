import type { AuditAction } from '#libs/audit/audit-actions.js';
import { commandDatabases } from '#libs/config/command.settings.js';
import { type Environment, isSet } from '#libs/config/environment.js';
import { errorMessage } from '#libs/core/user-facing-error.js';

/**
 * Records a change of keys in the audit log, if the settings have a database. Keys are in files, and a leaked one must be
 * replaceable while the database is not available: a failure is only reported.
 * @param command for the event's details
 */
export async function recordKeyChange(
  env: Environment,
  command: string,
  action: Extract<AuditAction, `key.${string}`>,
  kid: string,
): Promise<void> {
  if (!isSet(env, 'IDENTITY_DATABASE_URL') && !isSet(env, 'DATABASE_URL')) return;
  try {
    const { identity } = commandDatabases(env);
    if (identity === null) return;
    const { identityDataSource } = await import('#libs/database/identity/identity-data-source.js');
    const { NO_REQUEST } = await import('#libs/audit/audit-context.js');
    const { writeAudit } = await import('#libs/audit/audit-writer.js');
    const database = await identityDataSource(identity.url, {
      pooled: identity.pooled,
      poolSize: 1,
      connectTimeoutMs: 2_000,
    }).initialize();
    try {
      await writeAudit(database.manager, NO_REQUEST, { action, targetId: kid, details: { command } });
    } finally {
      await database.destroy();
    }
  } catch (error) {
    process.stderr.write(`warning: the audit log has no event of this change: ${errorMessage(error)}\n`);
  }
}
