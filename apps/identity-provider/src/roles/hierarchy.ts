import type { EntityManager } from 'typeorm';
import { lineageOf, MAX_LEVELS, SUBTREE } from '../authority/lineage.js';
import { cycle, tooDeep } from './roles.errors.js';

export interface Subtree {
  /** The roles themselves and all their descendants, once each. */
  ids: readonly string[];
  /** The descendants alone. */
  below: readonly string[];
  /** How many levels it has: 1 where nothing inherits from them. */
  height: number;
}

/** A role about to be made. */
export const NEW_LEAF: Subtree = { ids: [], below: [], height: 1 };

export async function subtreeOf(tx: EntityManager, roleIds: readonly string[]): Promise<Subtree> {
  const rows: { id: string; level: number }[] = await tx.query(
    `${SUBTREE} SELECT id, max(level) AS level FROM subtree GROUP BY id`,
    [roleIds],
  );
  const below = rows.filter(({ level }) => level > 1);
  return {
    ids: rows.map(({ id }) => id),
    below: below.map(({ id }) => id),
    height: Math.max(0, ...rows.map(({ level }) => level)),
  };
}

/**
 * @param subtree what comes to hang below the parent
 * @throws ApiError 422 on `parent_id`, for a cycle and for too many levels
 */
export async function requirePlaceBelow(
  tx: EntityManager,
  parentId: string,
  subtree: Subtree,
): Promise<void> {
  if (subtree.ids.includes(parentId)) throw cycle();
  const [{ levels }] = await tx.query(`${lineageOf('id')} SELECT max(level) AS levels FROM lineage`, [
    [parentId],
  ]);
  if (levels + subtree.height > MAX_LEVELS) throw tooDeep();
}

/** What these roles permit has changed, or may have: their readers' copies, and those of their accounts, are old. */
export async function raiseVersions(tx: EntityManager, roleIds: readonly string[]): Promise<void> {
  await tx.query('UPDATE identity.roles SET version = version + 1, updated_at = now() WHERE id = ANY($1)', [
    roleIds,
  ]);
}
