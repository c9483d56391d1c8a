import type { EntityManager } from 'typeorm';
import { Account } from '#libs/database/identity/account.entity.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { notFound } from '#libs/http/replies/api-error.js';
import { roleNotFound } from './accounts.errors.js';

export type AccountWithRole = Account & { role: Role };

/** Reads account and role in one statement, so that the ETag fits the representation. @throws ApiError 404 */
export const getAccount = (manager: EntityManager, id: string): Promise<AccountWithRole> =>
  load(manager, id, false);

/**
 * Also locks the row, because users change their own name and password without the authority's lock.
 * @throws ApiError 404
 */
export const lockAccount = (tx: EntityManager, id: string): Promise<AccountWithRole> => load(tx, id, true);

async function load(manager: EntityManager, id: string, isLocked: boolean): Promise<AccountWithRole> {
  const query = manager
    .createQueryBuilder(Account, 'account')
    .innerJoinAndSelect('account.role', 'role')
    .where({ id });
  if (isLocked) query.setLock('pessimistic_write', undefined, ['account']);
  const account = await query.getOne();
  if (!account) throw notFound();
  return account as AccountWithRole;
}

/** @throws ApiError 422 on `role_id` */
export async function requireRole(tx: EntityManager, id: string): Promise<Role> {
  const role = await tx.findOneBy(Role, { id });
  if (!role) throw roleNotFound();
  return role;
}

/** Includes the role's version, because the representation contains the role's name. */
export const versionsOf = ({ version, role }: AccountWithRole): number[] => [version, role.version];
