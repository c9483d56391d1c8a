import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { getAccount, lockAccount } from '../accounts/account-rows.js';
import { ownAccount } from '../accounts/accounts.errors.js';
import { AuthorityService, assertGrantable } from '../authority/authority.service.js';
import { permissionsOf } from '../authority/role-hierarchy.js';
import { removeAllFactors } from './factor-removal.js';
import { type ListedFactor, listFactors } from './factor-rows.js';

/** The factors of an account, for administrators. */
@Injectable()
export class AccountFactorsService {
  constructor(
    private readonly database: DataSource,
    private readonly authority: AuthorityService,
  ) {}

  /** @throws ApiError 404 if there is no such account */
  async list(accountId: string): Promise<ListedFactor[]> {
    await getAccount(this.database.manager, accountId);
    return listFactors(this.database.manager, accountId);
  }

  /**
   * Administrators can reset only accounts whose permissions do not exceed their own, and not their own, for which a
   * recent sign-in is required.
   * @throws ApiError 404, 403 `exceeds_own_permissions`, 409 `own_account`, 503
   */
  removeAll(caller: Principal, accountId: string, audit: AuditContext): Promise<void> {
    return this.authority.change(caller, 'accounts:update', async (tx, actor) => {
      const account = await lockAccount(tx, accountId);
      assertGrantable(actor.permissions, await permissionsOf(tx, [account.roleId]));
      if (actor.accountId === account.id) throw ownAccount([null]);
      await removeAllFactors(tx, account.id, { audit, reason: 'removed_by_administrator' });
    });
  }
}
