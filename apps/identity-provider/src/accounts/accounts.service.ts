import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import type { RequestAudit } from '#libs/audit/audit-context.js';
import { writeAudit } from '#libs/audit/audit-writer.js';
import { isId, newId, textKey } from '#libs/core/ids.js';
import { Account } from '#libs/database/identity/account.entity.js';
import { Reads } from '#libs/database/replicas/reads.js';
import type { ListPage } from '#libs/http/input/list-query.js';
import { invalid } from '#libs/http/replies/api-error.js';
import type { Precondition } from '#libs/http/replies/replies.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { type Actor, AuthorityService, assertGrantable } from '../authority/authority.service.js';
import { permissionsOf } from '../authority/role-hierarchy.js';
import { AccountNotices } from '../mail/account-notices.js';
import { hashClient } from '../passwords/fair-places.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { passwordFaults } from '../passwords/password-policy.js';
import { voidLinks } from '../self-service/account-links.js';
import type { Requester } from '../self-service/requester.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { type AccountWithRole, getAccount, lockAccount, requireRole, versionsOf } from './account-rows.js';
import { accountChanges, auditedAccount } from './accounts.audit.js';
import type { AccountListQuery, CreateAccount, UpdateAccount } from './accounts.dto.js';
import { ownAccount } from './accounts.errors.js';
import { listAccounts } from './accounts.list.js';
import { storedEmail } from './email.js';

@Injectable()
export class AccountsService {
  constructor(
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    private readonly authority: AuthorityService,
    private readonly hasher: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly reads: Reads,
    private readonly notices: AccountNotices,
  ) {}

  /** @throws ApiError 422 on `role_id`, 403 `exceeds_own_permissions`, 409 `email_taken`, 503 */
  async create(caller: Principal, body: CreateAccount, audit: RequestAudit): Promise<AccountWithRole> {
    // Hash before the change, which holds the lock for all changes.
    const passwordHash = await this.hasher.hash(body.password, hashClient(audit.address, caller.sub));
    return this.authority.change(caller, 'accounts:create', async (tx, actor) => {
      const role = await requireRole(tx, body.role_id);
      await assertGrantableRole(tx, actor, role.id, 'role_id');
      const id = newId();
      await tx.insert(Account, {
        id,
        emailVerified: false,
        ...columnsOf(body),
        passwordHash,
        roleId: role.id,
      });
      const created = await getAccount(tx, id);
      const details = { after: auditedAccount(created) };
      await writeAudit(tx, audit, { action: 'account.created', targetId: id, details });
      return created;
    });
  }

  list(query: AccountListQuery): Promise<ListPage<AccountWithRole>> {
    return this.reads.run((manager) => listAccounts(manager.getRepository(Account), query));
  }

  /** @throws ApiError 404, 412 */
  async get(id: string, precondition?: Precondition): Promise<AccountWithRole> {
    const account = await getAccount(this.accounts.manager, id);
    precondition?.check(...versionsOf(account));
    return account;
  }

  /**
   * A new password or status `disabled` ends all sessions of the account. A mail tells the owner of a new password.
   * @throws ApiError 422 on `role_id`, 404, 403 `exceeds_own_permissions`, 422 on `password`, 412, 409 `email_taken`,
   *   `own_account`, `last_admin`, 503
   */
  async update(
    caller: Principal,
    id: string,
    body: UpdateAccount,
    precondition: Precondition,
    { audit, language }: Requester,
  ): Promise<AccountWithRole> {
    if (Object.keys(body).length === 0) return this.get(id, precondition);
    const passwordHash =
      body.password === undefined
        ? undefined
        : await this.hasher.hash(body.password, hashClient(audit.address, caller.sub));
    return this.authority.change(caller, 'accounts:update', async (tx, actor) => {
      const role = body.role_id === undefined ? undefined : await requireRole(tx, body.role_id);
      const to = passwordHash && isId(id) ? await this.notices.recipientOf(tx, id) : null;
      const account = await lockAccount(tx, id);
      await assertGrantableRole(tx, actor, account.roleId);
      if (role) await assertGrantableRole(tx, actor, role.id, 'role_id');
      assertPasswordFits(body, account.email);
      precondition.check(...versionsOf(account));
      if (actor.accountId === account.id) assertOwnChange(body, account);
      const before = auditedAccount(account);
      const { role: _, ...row } = account;
      await tx.save(Account, {
        ...row,
        ...columnsOf(body, row.emailKey),
        passwordHash,
        roleId: role?.id ?? row.roleId,
      });
      if (passwordHash) await this.notices.send(tx, to, { kind: 'password-changed', language, values: {} });
      if (passwordHash || body.status === 'disabled') {
        const reason = passwordHash ? 'password_reset' : 'account_disabled';
        await this.sessions.endAll(row.id, { audit, reason }, { tx });
      }
      if (passwordHash || body.status === 'disabled' || body.email !== undefined) await voidLinks(tx, row.id);
      const updated = await getAccount(tx, id);
      await writeAudit(tx, audit, ...accountChanges(before, updated, passwordHash !== undefined));
      return updated;
    });
  }

  /** @throws ApiError 404, 403 `exceeds_own_permissions`, 412, 409 `own_account`, `last_admin` */
  delete(caller: Principal, id: string, precondition: Precondition, audit: RequestAudit): Promise<void> {
    return this.authority.change(caller, 'accounts:delete', async (tx, actor) => {
      const account = await lockAccount(tx, id);
      await assertGrantableRole(tx, actor, account.roleId);
      precondition.check(...versionsOf(account));
      if (actor.accountId === account.id) throw ownAccount([null]);
      await this.sessions.endAll(account.id, { audit, reason: 'account_deleted' }, { tx });
      await tx.delete(Account, { id: account.id });
      const details = { before: auditedAccount(account) };
      await writeAudit(tx, audit, { action: 'account.deleted', targetId: account.id, details });
    });
  }
}

/** The columns for the fields in the body. @param presentKey the key of the account's email: another one is not verified */
function columnsOf(body: UpdateAccount, presentKey?: string): Partial<Account> {
  const { email, first_name: firstName, last_name: lastName, status, email_verified: emailVerified } = body;
  return {
    ...(email === undefined ? {} : { email: storedEmail(email), emailKey: textKey(email) }),
    ...(email === undefined || textKey(email) === presentKey ? {} : { emailVerified: false }),
    ...(emailVerified === undefined ? {} : { emailVerified }),
    ...(firstName === undefined ? {} : { firstName }),
    ...(lastName === undefined ? {} : { lastName }),
    ...(status === undefined ? {} : { status }),
  };
}

/** @throws ApiError 403 if the role has permissions that the actor does not have */
async function assertGrantableRole(
  tx: EntityManager,
  actor: Actor,
  roleId: string,
  field?: string,
): Promise<void> {
  assertGrantable(actor.permissions, await permissionsOf(tx, [roleId]), field);
}

/**
 * Users cannot disable themselves. They change their own password and email only on routes that require the current
 * password, so that a stolen token is not enough to take over the account.
 */
function assertOwnChange({ email, password, status }: UpdateAccount, present: AccountWithRole): void {
  const isRefused = {
    email: email !== undefined && storedEmail(email) !== present.email,
    password: password !== undefined,
    status: status === 'disabled',
  };
  const fields = Object.entries(isRefused).flatMap(([field, refused]) => (refused ? [field] : []));
  if (fields.length > 0) throw ownAccount(fields);
}

/** If the body has no email, the password has not been compared with the account's email yet. */
function assertPasswordFits({ password, email }: UpdateAccount, present: string): void {
  if (password === undefined || email !== undefined) return;
  const faults = passwordFaults(password, present);
  if (faults.length > 0) throw invalid(faults.map((fault) => ({ ...fault, field: 'password' })));
}
