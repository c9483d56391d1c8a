import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { newId } from '#libs/core/ids.js';
import { AUTHORITY_STATE } from '#libs/database/identity/authority.entity.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import type { SessionAccount } from './session-account.js';

const ACCOUNT_COLUMNS = `a.id, s.id AS "sessionId", a.email, a.first_name AS "firstName", a.last_name AS "lastName", a.status,
  a.role_id AS "roleId", a.created_at AS "createdAt", a.updated_at AS "updatedAt",
  (SELECT ${AUTHORITY_STATE} FROM identity.authority) AS "authorityVersion"`;

/** The sessions of native accounts. A token is valid only while the session in its `sid` claim exists. */
@Injectable()
export class SessionsService {
  constructor(private readonly database: DataSource) {}

  /** @returns null if the session has ended or expired, or the account is not active */
  async find(id: string, accountId: string): Promise<SessionAccount | null> {
    const rows = await preparedQuery<SessionAccount>(this.database, {
      name: 'session-find',
      text: `SELECT ${ACCOUNT_COLUMNS} FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id
        WHERE s.id = $1 AND a.id = $2 AND s.expires_at > now() AND a.status = 'active'`,
      values: [id, accountId],
    });
    return rows[0] ?? null;
  }

  /**
   * Opens a session, and deletes up to 10 expired sessions of any account.
   * @returns null if the account has been disabled or deleted, or its password hash has changed, since the login
   *   verified it
   */
  async open(accountId: string, passwordHash: string, expiresAt: Date): Promise<SessionAccount | null> {
    const rows = await preparedQuery<SessionAccount>(this.database, {
      name: 'session-open',
      text: `WITH account AS (
          SELECT * FROM identity.accounts WHERE id = $1 AND password_hash = $2 AND status = 'active' FOR SHARE
        ), expired AS (
          DELETE FROM identity.sessions WHERE id IN (
            SELECT id FROM identity.sessions WHERE expires_at <= now() LIMIT 10 FOR UPDATE SKIP LOCKED)
        ), opened AS (
          INSERT INTO identity.sessions (id, account_id, expires_at) SELECT $3, id, $4 FROM account RETURNING id
        )
        SELECT ${ACCOUNT_COLUMNS} FROM account a, opened s`,
      values: [accountId, passwordHash, newId(), expiresAt],
    });
    return rows[0] ?? null;
  }

  async end(id: string): Promise<void> {
    await this.database.query('DELETE FROM identity.sessions WHERE id = $1', [id]);
  }
}
