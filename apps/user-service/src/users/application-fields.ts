import type { EntityManager } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { auditRows, insertAudit } from '#libs/audit/audit-writer.js';
import { type ApplicationFields, profileChange } from './users.audit.js';
import type { ProfileChange } from './users.dto.js';
import { userDeleted } from './users.errors.js';

/** The fields of a change that the application owns. `null` empties the settings. */
export function applicationFields({
  display_name,
  profile_picture,
  settings,
}: ProfileChange): Partial<ApplicationFields> {
  return {
    ...(display_name === undefined ? {} : { displayName: display_name }),
    ...(profile_picture === undefined ? {} : { profilePicture: profile_picture }),
    ...(settings === undefined ? {} : { settings: settings ?? {} }),
  };
}

/** @throws ApiError 403 where the user was deleted after the request arrived */
export async function writeApplicationFields(
  tx: EntityManager,
  id: string,
  fields: Partial<ApplicationFields>,
  audit: AuditContext,
): Promise<void> {
  const [present]: ApplicationFields[] = await tx.query(
    `SELECT display_name AS "displayName", profile_picture AS "profilePicture", settings
     FROM users.users WHERE id = $1 AND status <> 'deleted' FOR UPDATE`,
    [id],
  );
  if (!present) throw userDeleted();
  const changed = { ...present, ...fields };
  const event = profileChange(id, present, changed);
  await tx.query(
    `WITH recorded AS (${insertAudit('users', '$5')})
     UPDATE users.users SET display_name = $2, profile_picture = $3, settings = coalesce($4::json, settings),
       version = version + 1, updated_at = now()
     WHERE id = $1`,
    [
      id,
      changed.displayName,
      changed.profilePicture,
      fields.settings === undefined ? null : JSON.stringify(fields.settings),
      event ? auditRows(audit, event) : '[]',
    ],
  );
}
