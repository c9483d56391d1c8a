/** A role and its ancestors: ten levels at most. */
export const MAX_LEVELS = 10;

/**
 * SQL: `lineage (role_id, ancestor_id, level)` of the roles that `$1` lists, each role its own first ancestor.
 * Changes are refused that would make it deeper than `MAX_LEVELS`; the bound here is for rows that came otherwise.
 * @param column of identity.roles, with which the list is compared
 */
export const lineageOf = (column: 'id' | 'name'): string => `
  WITH RECURSIVE lineage (role_id, ancestor_id, level) AS (
    SELECT id, id, 1 FROM identity.roles WHERE ${column} = ANY($1)
    UNION ALL
    SELECT l.role_id, r.parent_id, l.level + 1
    FROM lineage l JOIN identity.roles r ON r.id = l.ancestor_id
    WHERE r.parent_id IS NOT NULL AND l.level < ${MAX_LEVELS}
  )`;

/** SQL: `subtree (id, level)` of the roles that `$1` lists: themselves (level 1) and all their descendants. */
export const SUBTREE = `
  WITH RECURSIVE subtree (id, level) AS (
    SELECT id, 1 FROM identity.roles WHERE id = ANY($1)
    UNION ALL
    SELECT r.id, s.level + 1
    FROM subtree s JOIN identity.roles r ON r.parent_id = s.id
    WHERE s.level < ${MAX_LEVELS}
  )`;
