import type { EntityManager } from 'typeorm';
import { MAX_LEVELS } from '../authority/lineage.js';
import { levelOf, type Subtree } from '../authority/role-tree.js';
import { cycle, tooDeep } from './roles.errors.js';

/** A role about to be made. */
export const NEW_LEAF: Subtree = { ids: [], below: [], height: 1 };

/**
 * @param subtree what comes to hang below the parent
 * @throws ApiError 422 on `parent_id`, for a cycle and for too many levels
 */
export async function requirePlaceBelow(
  tx: EntityManager,
  parentId: string,
  { ids, height }: Subtree,
): Promise<void> {
  if (ids.includes(parentId)) throw cycle();
  if ((await levelOf(tx, parentId)) + height > MAX_LEVELS) throw tooDeep();
}
