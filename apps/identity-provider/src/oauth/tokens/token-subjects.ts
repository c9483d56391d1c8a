import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AUTHORITY_STATE } from '#libs/database/identity/authority.entity.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { RightsService } from '../../authority/rights.service.js';
import { SessionsService } from '../../sessions/sessions.service.js';
import type { ServiceSubject, TokenSubject } from '../../tokens/token-signer.js';

/** Who a token of an OAuth client is for, with the rights that hold now. */
@Injectable()
export class TokenSubjects {
  constructor(
    private readonly database: DataSource,
    private readonly sessions: SessionsService,
    private readonly rights: RightsService,
  ) {}

  /** @returns null if the session has ended, or the account is not active */
  async findPerson(sessionId: string, accountId: string): Promise<TokenSubject | null> {
    const account = await this.sessions.find(sessionId, accountId);
    const role = account && (await this.rights.findByRoleId(account.roleId, account.authorityVersion));
    if (!account || !role) return null;
    return { ...account, accountId: account.id, role: role.name, permissions: role.permissions };
  }

  /** @returns null for a client that is unknown, disabled, or not one with client credentials */
  async findService(clientId: string): Promise<ServiceSubject | null> {
    const [row] = await preparedQuery<{ roleId: string | null; version: string }>(this.database, {
      name: 'oauth-service-client',
      text: `SELECT c.role_id AS "roleId", (SELECT ${AUTHORITY_STATE} FROM identity.authority) AS version
        FROM identity.oauth_clients c
        WHERE c.client_id = $1 AND c.status = 'active' AND 'client_credentials' = ANY (c.grant_types)`,
      values: [clientId],
    });
    if (!row) return null;
    const role = row.roleId === null ? null : await this.rights.findByRoleId(row.roleId, row.version);
    return { clientId, role: role?.name ?? null, permissions: role?.permissions ?? [] };
  }
}
