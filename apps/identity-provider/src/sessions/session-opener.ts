import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { auditRows, insertAudit } from '#libs/audit/audit-writer.js';
import { newId } from '#libs/core/ids.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { OWN_CLIENT_ID } from '../tokens/token-signer.js';
import type { AuthenticationMethod } from './authentication-methods.js';
import { RefreshToken } from './refresh-token.js';
import { ACCOUNT_COLUMNS, type SessionAccount } from './session-account.js';

export interface NewSession {
  accountId: string;
  /** The account's email, for the audit log. */
  email: string;
  /** The hash that the sign-in verified. If it is given, the session opens only if it is still the account's hash. */
  passwordHash?: string;
  /** How the user signs in. */
  amr: readonly AuthenticationMethod[];
  /** The OAuth client that signs in; null for Twinkey itself. */
  clientId: string | null;
  expiresAt: Date;
  /** Whether the session gets a refresh token. */
  isRefreshable: boolean;
  /** The request that signs in. */
  audit: AuditContext;
}

/** A session that was just opened or refreshed, for `TokenIssuer.issue`. */
export interface LiveSession extends SessionAccount {
  /** When the session itself ends. */
  expiresAt: Date;
  /** The refresh token to send; null if the session has none. */
  refreshToken: string | null;
}

/** Starts the sessions of native accounts. A token is valid only while the session in its `sid` claim exists. */
@Injectable()
export class SessionOpener {
  constructor(private readonly database: DataSource) {}

  /**
   * Opens a session.
   * @returns null if the account is not active, or its password hash has changed since the sign-in verified it
   */
  async open(session: NewSession): Promise<LiveSession | null> {
    const secret = session.isRefreshable ? RefreshToken.newSecret() : null;
    const refresh = secret && RefreshToken.first(secret);
    const id = newId();
    const rows = await preparedQuery<SessionAccount>(this.database, {
      name: 'session-open',
      text: `WITH account AS (
          SELECT * FROM identity.accounts
          WHERE id = $1 AND ($2::text IS NULL OR password_hash = $2) AND status = 'active' FOR SHARE
        ), opened AS (
          INSERT INTO identity.sessions (id, account_id, expires_at, client_id, address, user_agent,
            refresh_secret, refresh_family, refresh_digest, amr)
          SELECT $3, id, $4, $5, $6, $7, $8, $9, $10, $12 FROM account
          RETURNING id, amr, authenticated_at, created_at
        ), recorded AS (${insertAudit('identity', '$11', { from: 'opened' })})
        SELECT ${ACCOUNT_COLUMNS} FROM account a, opened s`,
      values: [
        session.accountId,
        session.passwordHash ?? null,
        id,
        session.expiresAt,
        session.clientId,
        session.audit.address,
        session.audit.userAgent,
        secret,
        refresh?.familyDigest ?? null,
        refresh?.digest ?? null,
        startedRow(id, session),
        session.amr,
      ],
    });
    const [opened] = rows;
    return opened ? { ...opened, expiresAt: session.expiresAt, refreshToken: refresh?.text ?? null } : null;
  }
}

/** The actor is the account that signs in, which has no token yet. */
function startedRow(id: string, { accountId, email, clientId, amr, audit }: NewSession): string {
  const actor = { issuer: NATIVE_ISSUER, sub: accountId, name: email };
  return auditRows(
    { ...audit, actor, clientId: clientId ?? OWN_CLIENT_ID, sessionId: id },
    { action: 'session.started', targetId: id, details: { account_id: accountId, amr } },
  );
}
