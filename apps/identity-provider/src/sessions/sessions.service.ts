import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { newId } from '#libs/core/ids.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { RefreshToken } from './refresh-token.js';
import { ACCOUNT_COLUMNS, type SessionAccount } from './session-account.js';
import type { SessionClient } from './session-client.js';

export interface NewSession extends SessionClient {
  accountId: string;
  /** The hash that the sign-in verified. If it is given, the session opens only if it is still the account's hash. */
  passwordHash?: string;
  /** The OAuth client that signs in; null for Twinkey itself. */
  clientId: string | null;
  expiresAt: Date;
  /** Whether the session gets a refresh token. */
  isRefreshable: boolean;
}

/** A session that was just opened or refreshed, for `TokenIssuer.issue`. */
export interface LiveSession extends SessionAccount {
  /** When the session itself ends. */
  expiresAt: Date;
  /** The refresh token to send; null if the session has none. */
  refreshToken: string | null;
}

/** The sessions of native accounts. A token is valid only while the session in its `sid` claim exists. */
@Injectable()
export class SessionsService {
  constructor(private readonly database: DataSource) {}

  /**
   * Opens a session, and deletes up to 10 expired sessions of any account.
   * @returns null if the account is not active, or its password hash has changed since the sign-in verified it
   */
  async open(session: NewSession): Promise<LiveSession | null> {
    const secret = session.isRefreshable ? RefreshToken.newSecret() : null;
    const refresh = secret && RefreshToken.first(secret);
    const rows = await preparedQuery<SessionAccount>(this.database, {
      name: 'session-open',
      text: `WITH account AS (
          SELECT * FROM identity.accounts
          WHERE id = $1 AND ($2::text IS NULL OR password_hash = $2) AND status = 'active' FOR SHARE
        ), expired AS (
          DELETE FROM identity.sessions WHERE id IN (
            SELECT id FROM identity.sessions WHERE expires_at <= now() LIMIT 10 FOR UPDATE SKIP LOCKED)
        ), opened AS (
          INSERT INTO identity.sessions (id, account_id, expires_at, client_id, address, user_agent,
            refresh_secret, refresh_family, refresh_digest)
          SELECT $3, id, $4, $5, $6, $7, $8, $9, $10 FROM account RETURNING id
        )
        SELECT ${ACCOUNT_COLUMNS} FROM account a, opened s`,
      values: [
        session.accountId,
        session.passwordHash ?? null,
        newId(),
        session.expiresAt,
        session.clientId,
        session.address,
        session.userAgent,
        secret,
        refresh?.familyDigest ?? null,
        refresh?.digest ?? null,
      ],
    });
    const [opened] = rows;
    return opened ? { ...opened, expiresAt: session.expiresAt, refreshToken: refresh?.text ?? null } : null;
  }

  /**
   * Ends a session: its access tokens and its refresh token are refused from now on.
   * @param accountId where given, the session ends only if it is this account's
   * @returns false if there is no such live session
   */
  async end(
    id: string,
    { accountId = null, tx = this.database.manager }: { accountId?: string | null; tx?: EntityManager } = {},
  ): Promise<boolean> {
    const [rows] = await tx.query(
      `DELETE FROM identity.sessions WHERE id = $1 AND ($2::uuid IS NULL OR account_id = $2)
       RETURNING expires_at > now() AS live`,
      [id, accountId],
    );
    return rows[0]?.live === true;
  }

  /**
   * Ends the sessions of an account.
   * @param exceptSessionId the session that stays; null for none
   * @param tx the transaction that this belongs to
   */
  async endAll(
    accountId: string,
    exceptSessionId: string | null = null,
    tx: EntityManager = this.database.manager,
  ): Promise<void> {
    await tx.query('DELETE FROM identity.sessions WHERE account_id = $1 AND ($2::uuid IS NULL OR id <> $2)', [
      accountId,
      exceptSessionId,
    ]);
  }
}
