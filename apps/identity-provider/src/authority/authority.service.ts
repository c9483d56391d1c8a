import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { hasPermission } from '#libs/auth/has-permission.js';
import type { PermissionName } from '#libs/auth/permissions.js';
import type { Principal } from '#libs/auth/principal.js';
import { KeyedSemaphore } from '#libs/core/keyed-semaphore.js';
import { conflict, forbidden, unavailable } from '#libs/http/replies/api-error.js';
import { type Actor, readActorRights } from './actor-rights.js';
import { HAS_ACTIVE_ADMINISTRATOR } from './role-hierarchy.js';

/** How long a change waits for others: in this process, then (ms) at the lock, for those of other replicas. */
const PATIENCE = 2_000;
const LOCK_TIMEOUT = 1_000;
/**
 * Before the lock: who waits there holds a connection, and a crowd would take the whole pool from everybody else. One
 * works while the next already has its connection.
 */
const TO_THE_LOCK = [{ name: 'authority', limit: 2 }];

/**
 * Every change of roles, permissions, accounts and who holds which goes through here, one after the other on all
 * replicas. So whatever is checked inside still holds at the commit, and no two changes can together do what
 * neither may alone: make a cycle, or take the last administrator away.
 */
@Injectable()
export class AuthorityService {
  private readonly lanes = new KeyedSemaphore(() => unavailable(1, 'busy'));

  constructor(private readonly database: DataSource) {}

  /**
   * A change that somebody asks for. His rights are read anew inside: what he lost while he waited, he lacks.
   * @param permission what the route asks for
   * @param work throws in order to change nothing
   * @throws ApiError 401 (his account is no longer active), 403, 409 `last_admin`, 503 (too long a wait), and
   *   whatever `work` throws
   */
  change<T>(
    caller: Principal,
    permission: PermissionName,
    work: (tx: EntityManager, actor: Actor) => Promise<T>,
  ): Promise<T> {
    return this.underLock(async (tx) => {
      const { actor, isAdministered } = await readActorRights(tx, caller);
      if (!hasPermission(actor.permissions, permission)) throw forbidden();
      const result = await work(tx, actor);
      const isStillAdministered = await raiseVersion(tx);
      if (isAdministered && !isStillAdministered) {
        throw conflict('last_admin', 'An active account must remain that holds every permission.');
      }
      return result;
    });
  }

  /** A change that nobody asks for: the seed's. */
  exclusively<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.underLock(async (tx) => {
      const result = await work(tx);
      await raiseVersion(tx);
      return result;
    });
  }

  private underLock<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.lanes.run(TO_THE_LOCK, PATIENCE, () =>
      this.database.transaction(async (tx) => {
        await tx.query(LOCK);
        return work(tx);
      }),
    );
  }
}

/** READ COMMITTED: each statement after the lock sees what its former holder committed. */
const LOCK = `
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  SET LOCAL lock_timeout = ${LOCK_TIMEOUT};
  SELECT FROM identity.authority FOR UPDATE`;

/** @returns whether some active account holds `*` after all that the transaction did */
async function raiseVersion(tx: EntityManager): Promise<boolean> {
  const [rows] = await tx.query(
    `UPDATE identity.authority SET version = version + 1 RETURNING ${HAS_ACTIVE_ADMINISTRATOR} AS administered`,
  );
  return rows[0].administered;
}
