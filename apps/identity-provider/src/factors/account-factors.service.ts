import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { isId } from '#libs/core/ids.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { getAccount, lockAccount } from '../accounts/account-rows.js';
import { ownAccount } from '../accounts/accounts.errors.js';
import { AuthorityService, assertGrantable } from '../authority/authority.service.js';
import { permissionsOf } from '../authority/role-hierarchy.js';
import { AccountNotices } from '../mail/account-notices.js';
import type { Requester } from '../self-service/requester.js';
import { removeAllFactors } from './factor-removal.js';
import { type ListedFactor, listFactors } from './factor-rows.js';

/** The factors of an account, for administrators. Its owner is told by mail. */
@Injectable()
export class AccountFactorsService {
  constructor(
    private readonly database: DataSource,
    private readonly authority: AuthorityService,
    private readonly notices: AccountNotices,
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
  removeAll(caller: Principal, accountId: string, { audit, language }: Requester): Promise<void> {
    return this.authority.change(caller, 'accounts:update', async (tx, actor) => {
      const to = isId(accountId) ? await this.notices.recipientOf(tx, accountId) : null;
      const account = await lockAccount(tx, accountId);
      assertGrantable(actor.permissions, await permissionsOf(tx, [account.roleId]));
      if (actor.accountId === account.id) throw ownAccount([null]);
      const removed = await removeAllFactors(tx, account.id, { audit, reason: 'removed_by_administrator' });
      for (const { kind: factor, confirmed } of removed) {
        if (!confirmed || factor === 'recovery_codes') continue;
        await this.notices.send(tx, to, { kind: 'factor-removed', language, values: { factor } });
      }
    });
  }
}
