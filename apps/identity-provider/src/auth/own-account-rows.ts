import { insertAudit } from '#libs/audit/audit-writer.js';

/** SQL of jsonb: a name before or after the change, if the two differ. */
const changedName = (table: string, name: string): string =>
  `CASE WHEN present.${name} IS DISTINCT FROM renamed.${name} THEN jsonb_build_object('${name}', ${table}.${name}) ELSE '{}' END`;

const changedNames = (table: string): string =>
  `${changedName(table, 'first_name')} || ${changedName(table, 'last_name')}`;

/**
 * Renames an account where a name differs, and writes `$6` (`auditRows`) with the names before and after.
 * The row lock makes `present` the state that the update replaces, also after a concurrent rename.
 */
export const RENAME = `
  WITH present AS (
    SELECT id, first_name, last_name FROM identity.accounts WHERE id = $1 FOR UPDATE
  ), renamed AS (
    UPDATE identity.accounts a SET
      first_name = CASE WHEN $2 THEN $3 ELSE a.first_name END,
      last_name = CASE WHEN $4 THEN $5 ELSE a.last_name END,
      version = version + 1, updated_at = now()
    FROM present
    WHERE a.id = present.id AND (($2 AND a.first_name IS DISTINCT FROM $3) OR ($4 AND a.last_name IS DISTINCT FROM $5))
    RETURNING a.first_name, a.last_name, a.updated_at
  ), recorded AS (${insertAudit('identity', '$6', {
    from: 'present, renamed',
    details: `jsonb_build_object('before', ${changedNames('present')}, 'after', ${changedNames('renamed')})`,
  })})
  SELECT first_name AS "firstName", last_name AS "lastName", updated_at AS "updatedAt" FROM renamed`;

/** Replaces the hash `$2` by `$3`, and writes `$4` (`auditRows`). */
export const CHANGE_PASSWORD = `
  WITH changed AS (
    UPDATE identity.accounts SET password_hash = $3, version = version + 1, updated_at = now()
    WHERE id = $1 AND password_hash = $2 RETURNING id
  ), recorded AS (${insertAudit('identity', '$4', { from: 'changed' })})
  SELECT id FROM changed`;
