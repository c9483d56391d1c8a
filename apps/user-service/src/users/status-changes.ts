import { Injectable } from '@nestjs/common';
import { TaskCancelledError, TimeoutStrategy, timeout } from 'cockatiel';
import type { FastifyRequest } from 'fastify';
import { DataSource, type EntityManager } from 'typeorm';
import { auditContextOf } from '#libs/audit/audit-context.js';
import { writeAudit } from '#libs/audit/audit-writer.js';
import { ExclusiveTransactions } from '#libs/database/queries/exclusive-transactions.js';
import type { UserStatus } from '#libs/database/users/user.entity.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import type { Precondition } from '#libs/http/replies/replies.js';
import { ALL_PERMISSIONS, hasPermission, type Principal } from '#libs/verify/src/principal.js';
import { type Profile, requireActive } from './profile.js';
import { findProfile, getProfile } from './profile-rows.js';
import { UserRights } from './user-rights.js';
import { statusChange } from './users.audit.js';
import { exceedsOwnPermissions, lastAdministrator, ownUser } from './users.errors.js';

/** Of all remote calls under the lock together. Postgres closes a connection that idles in a transaction for 5 s. */
const CALLS_TIMEOUT_MS = 2_000;

export interface UserStatusChange {
  id: string;
  status: UserStatus;
  precondition: Precondition;
}

/**
 * Changes the status of users, one change after the other on all replicas, so that the checks still hold at the commit.
 * Remote calls for rights are made before the lock is taken, except where a service account, or a caller who has been
 * suspended meanwhile, changes a user who has `*`.
 */
@Injectable()
export class StatusChanges {
  private readonly transactions: ExclusiveTransactions;
  private readonly callsTimeout = timeout(CALLS_TIMEOUT_MS, TimeoutStrategy.Aggressive);

  constructor(
    private readonly database: DataSource,
    private readonly rights: UserRights,
  ) {
    this.transactions = new ExclusiveTransactions(database, 'users.administration');
  }

  /**
   * @param work writes the change; it is not run where the user already has this status
   * @returns the changed profile; a deleted one as it was before
   * @throws ApiError 404; 403 `exceeds_own_permissions`; 412; 409 `own_user`, `last_admin`; 403 `user_suspended`,
   *   `user_deleted` where the caller was suspended or deleted meanwhile; 503 where identity-provider, an issuer or the
   *   lock is not available
   */
  async run(
    request: FastifyRequest,
    { id, status, precondition }: UserStatusChange,
    work: (tx: EntityManager) => Promise<void>,
  ): Promise<Profile> {
    const caller = request.caller as Principal;
    const hasEverything = hasPermission(caller.permissions, ALL_PERMISSIONS);
    const target = await getProfile(this.database.manager, id);
    if (!hasEverything && (await this.rights.compare(request, target)).exceeds) {
      throw exceedsOwnPermissions();
    }
    return this.transactions.run(`${caller.issuer}:${caller.sub}`, async (tx) => {
      const profile = await lockProfile(tx, id);
      precondition.check(profile.version);
      if (status === profile.status) return profile;
      if (status !== 'active') requireNotOwn(caller, profile);
      const actor = request.profile && (await statusOf(tx, request.profile.id));
      const mayLoseAdministrator = hasEverything && profile.status === 'active';
      // An active user who may change a user with `*` has it as well, and remains.
      if (mayLoseAdministrator && actor !== 'active')
        await this.requireOtherAdministrator(tx, request, profile);
      if (actor) requireActive(actor);
      await work(tx);
      await writeAudit(tx, auditContextOf(request), statusChange(profile, status));
      return (await findProfile(tx, id)) ?? profile;
    });
  }

  /** @throws ApiError 409 where this user is the last active one who has `*` */
  private async requireOtherAdministrator(
    tx: EntityManager,
    request: FastifyRequest,
    profile: Profile,
  ): Promise<void> {
    const isLast = async () =>
      (await this.rights.compare(request, profile)).everything &&
      !(await this.rights.hasOtherAdministrator(tx, request, profile.id));
    const isLastAdministrator = await this.callsTimeout.execute(isLast).catch((error: unknown) => {
      throw error instanceof TaskCancelledError ? unavailable(2, 'unavailable', undefined, error) : error;
    });
    if (isLastAdministrator) throw lastAdministrator();
  }
}

/** Locks identities before users, in the same order as all other code. @throws ApiError 404 */
async function lockProfile(tx: EntityManager, id: string): Promise<Profile> {
  await tx.query('SELECT 1 FROM users.identities WHERE user_id = $1 ORDER BY sub FOR UPDATE', [id]);
  await tx.query('SELECT 1 FROM users.users WHERE id = $1 FOR UPDATE', [id]);
  return getProfile(tx, id);
}

async function statusOf(tx: EntityManager, id: string): Promise<UserStatus> {
  const [user]: { status: UserStatus }[] = await tx.query('SELECT status FROM users.users WHERE id = $1', [
    id,
  ]);
  return user?.status ?? 'deleted';
}

function requireNotOwn(caller: Principal, { issuer, sub }: Profile): void {
  if (caller.issuer === issuer && caller.sub === sub) throw ownUser();
}
