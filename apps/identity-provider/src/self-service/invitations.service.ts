import { Injectable } from '@nestjs/common';
import { writeAudit } from '#libs/audit/audit-writer.js';
import { isMailAddress } from '#libs/config/parse/mail.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { getAccount } from '../accounts/account-rows.js';
import { AuthorityService, assertGrantable } from '../authority/authority.service.js';
import { permissionsOf } from '../authority/role-hierarchy.js';
import { AccountLinks } from './account-links.js';
import { RegistrationPolicy } from './registration-policy.js';
import type { Requester } from './requester.js';
import { accountDisabled, noMailAddress, tooManyMails } from './self-service.errors.js';

@Injectable()
export class InvitationsService {
  constructor(
    private readonly authority: AuthorityService,
    private readonly policy: RegistrationPolicy,
    private readonly links: AccountLinks,
  ) {}

  /**
   * Mails the account a link that sets its password, and proves its address.
   * @throws ApiError 403 `invitations_closed`, `exceeds_own_permissions`, 404, 409 `account_disabled`, `no_mail_address`, 429
   */
  invite(caller: Principal, id: string, { audit, language }: Requester): Promise<void> {
    this.policy.assertInvitations();
    return this.authority.change(caller, 'accounts:create', async (tx, actor) => {
      const account = await getAccount(tx, id);
      assertGrantable(actor.permissions, await permissionsOf(tx, [account.roleId]));
      if (account.status !== 'active') throw accountDisabled();
      if (!isMailAddress(account.email)) throw noMailAddress();
      const link = { purpose: 'invitation', accountId: account.id, to: account.email, language } as const;
      if (!(await this.links.mail(tx, link))) throw tooManyMails();
      const details = { email: account.email };
      await writeAudit(tx, audit, { action: 'account.invited', targetId: account.id, details });
    });
  }
}
