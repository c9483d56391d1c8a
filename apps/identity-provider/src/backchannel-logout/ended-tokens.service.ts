import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import type { VerifiedToken } from '#libs/verify/src/principal.js';

/** Whether a Keycloak token's session or subject has ended. A native token has a row in `sessions` instead. */
@Injectable()
export class EndedTokensService {
  constructor(private readonly database: DataSource) {}

  async hasEnded({ issuer, sessionId, subject, issuedAt }: VerifiedToken): Promise<boolean> {
    const rows = await preparedQuery(this.database, {
      name: 'token-has-ended',
      text: `SELECT FROM identity.revocations
        WHERE issuer = $1 AND ((kind = 'session' AND id = $2) OR (kind = 'subject' AND id = $3))
          AND NOT removed AND (expires_at IS NULL OR expires_at > now())
          AND (issued_before IS NULL OR issued_before > to_timestamp($4)) LIMIT 1`,
      values: [issuer, sessionId, subject, issuedAt],
    });
    return rows.length > 0;
  }
}
