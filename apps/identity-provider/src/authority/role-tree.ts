import type { EntityManager } from 'typeorm';
import { HELD_BY_LINEAGE, lineageOf, SUBTREE } from './lineage.js';
import { effective } from './rights.js';

/** Roles and all that inherits from them. */
export interface Subtree {
  /** The roles themselves and their descendants, once each. */
  ids: readonly string[];
  /** The descendants alone. */
  below: readonly string[];
  /** How many levels it has: 1 where nothing inherits from them. */
  height: number;
}

export async function subtreeOf(tx: EntityManager, roleIds: readonly string[]): Promise<Subtree> {
  const rows: { id: string; level: number }[] = await tx.query(
    `${SUBTREE} SELECT id, max(level) AS level FROM subtree GROUP BY id`,
    [roleIds],
  );
  return {
    ids: rows.map(({ id }) => id),
    below: rows.filter(({ level }) => level > 1).map(({ id }) => id),
    height: Math.max(0, ...rows.map(({ level }) => level)),
  };
}

/** How many levels there are down to this role: 1 where it inherits from none. */
export async function levelOf(tx: EntityManager, roleId: string): Promise<number> {
  const [row] = await tx.query(`${lineageOf('id')} SELECT max(level) AS level FROM lineage`, [[roleId]]);
  return row.level;
}

/** The effective permissions of several roles together. */
export async function permissionsOf(
  tx: EntityManager,
  roleIds: readonly string[],
): Promise<readonly string[]> {
  const rows: { name: string }[] = await tx.query(`${lineageOf('id')} ${HELD_BY_LINEAGE}`, [roleIds]);
  return effective(rows.map(({ name }) => name));
}

/** What these roles permit has changed, or may have: their readers' copies, and those of their accounts, are old. */
export async function raiseVersions(tx: EntityManager, roleIds: readonly string[]): Promise<void> {
  await tx.query('UPDATE identity.roles SET version = version + 1, updated_at = now() WHERE id = ANY($1)', [
    roleIds,
  ]);
}
