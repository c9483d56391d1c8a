import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { Session } from '#libs/database/identity/session.entity.js';
import type { ListPage, ListQuery } from '#libs/http/input/list-query.js';
import { notFound } from '#libs/http/replies/api-error.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { getAccount } from '../accounts/account-rows.js';
import { AuthorityService, assertGrantable } from '../authority/authority.service.js';
import { permissionsOf } from '../authority/role-hierarchy.js';
import { listSessions } from './sessions.list.js';
import { SessionsService } from './sessions.service.js';

/** The sessions of an account, for its owner and for administrators. */
@Injectable()
export class AccountSessionsService {
  constructor(
    @InjectRepository(Session) private readonly rows: Repository<Session>,
    private readonly authority: AuthorityService,
    private readonly sessions: SessionsService,
  ) {}

  listOwn(accountId: string, query: ListQuery): Promise<ListPage<Session>> {
    return listSessions(this.rows, accountId, query);
  }

  /** @throws ApiError 404, also for a session of another account */
  async endOwn(accountId: string, id: string, audit: AuditContext): Promise<void> {
    const ending = { audit, reason: 'ended_by_owner' } as const;
    if (!(await this.sessions.end(id, ending, { accountId }))) throw notFound();
  }

  /** @throws ApiError 404 if there is no such account */
  async list(accountId: string, query: ListQuery): Promise<ListPage<Session>> {
    await getAccount(this.rows.manager, accountId);
    return listSessions(this.rows, accountId, query);
  }

  /** @throws ApiError 404, 403 `exceeds_own_permissions`, 503 */
  endAll(caller: Principal, accountId: string, audit: AuditContext): Promise<void> {
    return this.change(caller, accountId, async (tx) => {
      await this.sessions.endAll(accountId, { audit, reason: 'ended_by_administrator' }, { tx });
    });
  }

  /** @throws ApiError 404, 403 `exceeds_own_permissions`, 503 */
  end(caller: Principal, accountId: string, id: string, audit: AuditContext): Promise<void> {
    return this.change(caller, accountId, async (tx) => {
      const ending = { audit, reason: 'ended_by_administrator' } as const;
      if (!(await this.sessions.end(id, ending, { accountId, tx }))) throw notFound();
    });
  }

  /** Administrators can end only the sessions of accounts whose permissions do not exceed their own. */
  private change(
    caller: Principal,
    accountId: string,
    work: (tx: EntityManager) => Promise<void>,
  ): Promise<void> {
    return this.authority.change(caller, 'sessions:delete', async (tx, actor) => {
      const account = await getAccount(tx, accountId);
      assertGrantable(actor.permissions, await permissionsOf(tx, [account.roleId]));
      await work(tx);
    });
  }
}
