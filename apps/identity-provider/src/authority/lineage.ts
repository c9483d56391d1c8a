/** A role and its ancestors: ten levels at most. */
export const MAX_LEVELS = 10;

/** Which roles: those that `$1` lists, or the one of the active account whose id `$1` is. */
const ROLES = {
  id: 'id = ANY($1)',
  name: 'name = ANY($1)',
  account: `id = (SELECT role_id FROM identity.accounts WHERE id = $1 AND status = 'active')`,
};

/**
 * SQL: `lineage (role_id, ancestor_id, level)` of some roles, each role its own first ancestor.
 * Changes are refused that would make it deeper than `MAX_LEVELS`; the bound here is for rows that came otherwise.
 */
export const lineageOf = (by: keyof typeof ROLES): string => `
  WITH RECURSIVE lineage (role_id, ancestor_id, level) AS (
    SELECT id, id, 1 FROM identity.roles WHERE ${ROLES[by]}
    UNION ALL
    SELECT l.role_id, r.parent_id, l.level + 1
    FROM lineage l JOIN identity.roles r ON r.id = l.ancestor_id
    WHERE r.parent_id IS NOT NULL AND l.level < ${MAX_LEVELS}
  )`;

/** SQL, after `lineageOf`: the names of all that these roles hold, themselves or through their parents. */
export const HELD_BY_LINEAGE = `
  SELECT DISTINCT p.name FROM lineage l
  JOIN identity.role_permissions rp ON rp.role_id = l.ancestor_id
  JOIN identity.permissions p ON p.id = rp.permission_id`;

/** SQL: `subtree (id, level)` of the roles that `$1` lists: themselves (level 1) and all their descendants. */
export const SUBTREE = `
  WITH RECURSIVE subtree (id, level) AS (
    SELECT id, 1 FROM identity.roles WHERE id = ANY($1)
    UNION ALL
    SELECT r.id, s.level + 1
    FROM subtree s JOIN identity.roles r ON r.parent_id = s.id
    WHERE s.level < ${MAX_LEVELS}
  )`;

/** SQL: whether some active account holds `*`. */
export const IS_ADMINISTERED = `(
  WITH RECURSIVE holding (role_id) AS (
    SELECT rp.role_id FROM identity.permissions p
    JOIN identity.role_permissions rp ON rp.permission_id = p.id WHERE p.name = '*'
    UNION
    SELECT r.id FROM identity.roles r JOIN holding h ON r.parent_id = h.role_id
  )
  SELECT EXISTS (
    SELECT FROM identity.accounts a JOIN holding h ON h.role_id = a.role_id WHERE a.status = 'active'
  )
)`;
