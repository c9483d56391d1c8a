import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { AUTHORITY_STATE, RightsService } from '../authority/rights.service.js';
import type { ServiceSubject } from '../tokens/token-signer.js';

/** The OAuth clients that act for themselves (client credentials), with the rights that hold now. */
@Injectable()
export class ServiceClients {
  constructor(
    private readonly database: DataSource,
    private readonly rights: RightsService,
  ) {}

  /**
   * @param sessionId the `sid` of a token of this client; null for no token, or for one that has none
   * @returns null for a client that is unknown, disabled, or not one with client credentials, and for a revoked token
   */
  async findService(clientId: string, sessionId: string | null = null): Promise<ServiceSubject | null> {
    const [row] = await preparedQuery<{ roleId: string | null; version: string }>(this.database, {
      name: 'oauth-service-client',
      text: `SELECT c.role_id AS "roleId", (SELECT ${AUTHORITY_STATE} FROM identity.authority) AS version
        FROM identity.oauth_clients c
        WHERE c.client_id = $1 AND c.status = 'active' AND 'client_credentials' = ANY (c.grant_types)
          AND NOT EXISTS (SELECT FROM identity.revocations r
            WHERE r.issuer = 'native' AND r.kind = 'session' AND r.id = $2 AND NOT r.removed AND r.expires_at > now())`,
      values: [clientId, sessionId],
    });
    if (!row) return null;
    const role = row.roleId === null ? null : await this.rights.findByRoleId(row.roleId, row.version);
    return { clientId, role: role?.name ?? null, permissions: role?.permissions ?? [] };
  }
}
