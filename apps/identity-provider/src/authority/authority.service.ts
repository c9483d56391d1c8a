import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { PermissionName } from '#libs/core/permission-catalogue.js';
import type { ExclusiveTransactions } from '#libs/database/queries/exclusive-transactions.js';
import { conflict, forbidden, unauthorized } from '#libs/http/replies/api-error.js';
import { hasPermission, type Principal } from '#libs/verify/src/principal.js';
import {
  HAS_ACTIVE_ADMINISTRATOR,
  lineageOf,
  normalizePermissions,
  PERMISSIONS_OF_LINEAGE,
} from './role-hierarchy.js';

/** Injects the transactions that lock `identity.authority`. */
export const AUTHORITY_TRANSACTIONS = Symbol('authority transactions');

/** The caller of a change, with their rights at the time of the change. */
export interface Actor {
  /** Null for a Keycloak caller and for a client, which have no account here. */
  accountId: string | null;
  permissions: readonly string[];
}

/**
 * Runs every change of roles, permissions, accounts and grants, one after the other on all replicas. What a change
 * checks still holds when it commits, so that two concurrent changes cannot create a cycle or remove the last
 * administrator together.
 */
@Injectable()
export class AuthorityService {
  constructor(@Inject(AUTHORITY_TRANSACTIONS) private readonly transactions: ExclusiveTransactions) {}

  /**
   * A change that a caller requests. The caller's rights are read again under the lock.
   * @param permission the one that the route requires
   * @param work throws to change nothing
   * @throws ApiError 401 (the caller's account is no longer active), 403, 409 `last_admin`, 503 (lock timeout), and
   *   every error of `work`
   */
  change<T>(
    caller: Principal,
    permission: PermissionName,
    work: (tx: EntityManager, actor: Actor) => Promise<T>,
  ): Promise<T> {
    const owner = `${caller.issuer}:${caller.sub}`;
    return this.transactions.run(owner, async (tx) => {
      const { actor, hadAdministrator } = await readActor(tx, caller);
      if (!hasPermission(actor.permissions, permission)) throw forbidden();
      const result = await work(tx, actor);
      const hasAdministrator = await raiseVersion(tx);
      if (hadAdministrator && !hasAdministrator) {
        throw conflict('last_admin', 'At least one active account must keep every permission.');
      }
      return result;
    });
  }

  /** A change without a caller, for the seed. */
  exclusively<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.transactions.run('', async (tx) => {
      const result = await work(tx);
      await raiseVersion(tx);
      return result;
    });
  }
}

/** Whether `permissions` contains one that `own` does not include. */
export const exceeds = (permissions: readonly string[], own: readonly string[]): boolean =>
  !permissions.every((permission) => hasPermission(own, permission));

/**
 * Users can grant only permissions that they have, and change only roles and accounts that do not exceed their own.
 * @param field the field of the request that is at fault, if there is one
 * @throws ApiError 403 `exceeds_own_permissions`
 */
export function assertGrantable(
  own: readonly string[],
  permissions: readonly string[],
  field?: string,
): void {
  if (!exceeds(permissions, own)) return;
  throw forbidden('exceeds_own_permissions', 'This requires permissions that you do not have.', field);
}

const actorSql = (by: 'account' | 'client' | 'name'): string => `
  ${lineageOf(by)}
  SELECT EXISTS (SELECT FROM lineage) AS found, ARRAY(${PERMISSIONS_OF_LINEAGE}) AS permissions,
    ${HAS_ACTIVE_ADMINISTRATOR} AS administered`;

/** @throws ApiError 401 if a native caller's account or client is deleted or disabled */
async function readActor(
  tx: EntityManager,
  { issuer_kind, kind, sub, roles }: Principal,
): Promise<{ actor: Actor; hadAdministrator: boolean }> {
  const isNative = issuer_kind === 'native';
  const isService = isNative && kind === 'service';
  const by = isService ? 'client' : isNative ? 'account' : 'name';
  const [{ found, permissions, administered }] = await tx.query(actorSql(by), [isNative ? sub : roles]);
  if (isNative && !found) throw unauthorized();
  const actor = {
    accountId: isNative && !isService ? sub : null,
    permissions: normalizePermissions(permissions),
  };
  return { actor, hadAdministrator: administered };
}

/** @returns whether an active account holds `*` after the change */
async function raiseVersion(tx: EntityManager): Promise<boolean> {
  const [rows] = await tx.query(
    `UPDATE identity.authority SET version = version + 1 RETURNING ${HAS_ACTIVE_ADMINISTRATOR} AS administered`,
  );
  return rows[0].administered;
}
