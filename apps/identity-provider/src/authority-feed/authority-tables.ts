import type { AuthorityTables } from '#libs/authority-feed/authority-rows.js';
import { AUTHORITY_STATE } from '../authority/rights.service.js';
import { MAX_LEVELS } from '../authority/role-hierarchy.js';

/** All roles with their own and inherited permissions. */
const PERMISSIONS = `(
  WITH RECURSIVE lineage (role_id, ancestor_id, level) AS (
    SELECT id, id, 1 FROM identity.roles
    UNION ALL
    SELECT l.role_id, r.parent_id, l.level + 1
    FROM lineage l JOIN identity.roles r ON r.id = l.ancestor_id
    WHERE r.parent_id IS NOT NULL AND l.level < ${MAX_LEVELS}
  )
  SELECT coalesce(json_object_agg(held.name, held.permissions), '{}') FROM (
    SELECT r.name, array_remove(array_agg(DISTINCT p.name), NULL) AS permissions
    FROM lineage l
    JOIN identity.roles r ON r.id = l.role_id
    LEFT JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
    LEFT JOIN identity.permissions p ON p.id = rp.permission_id
    GROUP BY r.name
  ) held
)`;

/** What the feed of identity-provider is read from. */
export const AUTHORITY_TABLES: AuthorityTables = {
  schema: 'identity',
  channel: 'twinkey_authority',
  roles: {
    state: `(SELECT ${AUTHORITY_STATE} FROM identity.authority)`,
    permissions: PERMISSIONS,
    // The cast only where the id is an account's: the ids of Keycloak's sessions have any form.
    ofRow: `(SELECT r.name FROM identity.accounts a JOIN identity.roles r ON r.id = a.role_id
      WHERE a.id = CASE WHEN v.kind = 'role' THEN v.id::uuid END)`,
  },
};
