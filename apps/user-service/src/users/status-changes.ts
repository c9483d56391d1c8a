import { Injectable } from '@nestjs/common';
import { TaskCancelledError, TimeoutStrategy, timeout } from 'cockatiel';
import type { FastifyRequest } from 'fastify';
import { DataSource, type EntityManager } from 'typeorm';
import { ALL_PERMISSIONS, hasPermission } from '#libs/auth/has-permission.js';
import type { Principal } from '#libs/auth/principal.js';
import { ExclusiveTransactions } from '#libs/database/exclusive-transactions.js';
import type { UserStatus } from '#libs/database/users/user.entity.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import { assertIfMatch, etagOf } from '#libs/http/replies/etag.js';
import { Administrators } from './administrators.js';
import { PersonRights } from './person-rights.js';
import { type Profile, requireActive } from './profile.js';
import { findProfile, getProfile } from './profile-rows.js';
import { exceedsOwnPermissions, lastAdministrator, ownUser } from './users.errors.js';

/** For all questions that are asked under the lock (ms): the connection is given up where it idles for 5 s. */
const QUESTIONS_BUDGET = 2_000;

export interface StatusChange {
  id: string;
  status: UserStatus;
  ifMatch: string | undefined;
}

/**
 * Every change of a person's status goes through here, one after the other on all replicas: what is checked inside
 * still holds at the commit. Rights are asked of identity-provider and Keycloak before the lock, except where a program,
 * or a caller who was suspended meanwhile, acts on a holder of `*`.
 */
@Injectable()
export class StatusChanges {
  private readonly transactions: ExclusiveTransactions;
  private readonly questions = timeout(QUESTIONS_BUDGET, TimeoutStrategy.Aggressive);

  constructor(
    private readonly database: DataSource,
    private readonly rights: PersonRights,
    private readonly administrators: Administrators,
  ) {
    this.transactions = new ExclusiveTransactions(database, 'users.administration');
  }

  /**
   * @param work writes the change; it is not run where the person has that status already
   * @returns the profile as it is now; a deleted one as it was before
   * @throws ApiError 404, 403 `exceeds_own_permissions`, 412, 409 `own_user`, `last_admin`, 403 `user_suspended` or
   *   `user_deleted` where the caller was suspended or deleted meanwhile, 503 where identity-provider, Keycloak or the
   *   lock is not available
   */
  async run(
    request: FastifyRequest,
    { id, status, ifMatch }: StatusChange,
    work: (tx: EntityManager) => Promise<void>,
  ): Promise<Profile> {
    const caller = request.caller as Principal;
    const holdsEverything = hasPermission(caller.permissions, ALL_PERMISSIONS);
    const target = await getProfile(this.database.manager, id);
    if (!holdsEverything && (await this.rights.compare(request, target)).exceeds) {
      throw exceedsOwnPermissions();
    }
    return this.transactions.run(`${caller.issuer}:${caller.sub}`, async (tx) => {
      const profile = await lockProfile(tx, id);
      assertIfMatch(ifMatch, etagOf(profile.version));
      if (status === profile.status) return profile;
      if (status !== 'active') requireOther(caller, profile);
      const actor = request.profile && (await statusOf(tx, request.profile.id));
      const losesAdministrator = holdsEverything && profile.status === 'active';
      // An active person who may act on a holder of `*` holds it as well, and stays.
      if (losesAdministrator && actor !== 'active') await this.requireAdministrator(tx, request, profile);
      if (actor) requireActive(actor);
      await work(tx);
      return (await findProfile(tx, id)) ?? profile;
    });
  }

  /** @throws ApiError 409, where this person is the last active one who holds `*` */
  private async requireAdministrator(
    tx: EntityManager,
    request: FastifyRequest,
    profile: Profile,
  ): Promise<void> {
    const isLast = async () =>
      (await this.rights.compare(request, profile)).everything &&
      !(await this.administrators.existBeside(tx, request, profile.id));
    const answer = await this.questions.execute(isLast).catch((error: unknown) => {
      throw error instanceof TaskCancelledError ? unavailable(2, 'unavailable', undefined, error) : error;
    });
    if (answer) throw lastAdministrator();
  }
}

/** In everybody's order: identities before users. @throws ApiError 404 */
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

function requireOther(caller: Principal, { issuer, sub }: Profile): void {
  if (caller.issuer === issuer && caller.sub === sub) throw ownUser();
}
