import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { RefreshToken } from './refresh-token.js';
import { ACCOUNT_COLUMNS, type SessionAccount } from './session-account.js';
import { SessionLifetimes } from './session-lifetimes.js';
import type { LiveSession } from './session-opener.js';
import { SessionsService } from './sessions.service.js';

/** How long the token before the current one is accepted: for two tabs, or after a lost response. */
const REPEATABLE = `interval '20 seconds'`;

/** A refresh token that has no successor yet, with its session. */
export interface CurrentRefreshToken extends SessionAccount {
  expiresAt: Date;
  issuedAt: Date;
}

interface RefreshableSession extends CurrentRefreshToken {
  secret: Buffer;
  digest: Buffer;
  previousDigest: Buffer | null;
  isRepeatable: boolean | null;
}

/** Exchanges refresh tokens. Each is used once; a second use shows that somebody else has it. */
@Injectable()
export class SessionRefresh {
  private readonly logger = new Logger(SessionRefresh.name);

  constructor(
    private readonly database: DataSource,
    private readonly lifetimes: SessionLifetimes,
    private readonly sessions: SessionsService,
  ) {}

  /**
   * Replaces a refresh token by its successor, and prolongs its session. The token before the current one gives the same
   * successor for 20 seconds; any other used token ends the session.
   * @param text the token as it was sent
   * @param clientId the OAuth client that sends it; null for Twinkey itself
   * @param audit the request that sends it
   * @returns the session with the new token; null if the token is not valid, for every reason
   */
  async refresh(text: string, clientId: string | null, audit: AuditContext): Promise<LiveSession | null> {
    const token = RefreshToken.parse(text);
    return token && this.lifetimes.isRefreshable ? this.replace(token, clientId, audit) : null;
  }

  /** The session of Twinkey's own refresh token, as long as the token has no successor; it stays as it is. */
  async findCurrent(text: string): Promise<CurrentRefreshToken | null> {
    const token = RefreshToken.parse(text);
    const found = token && this.lifetimes.isRefreshable ? await this.find(token, null) : null;
    return found && token?.digest.equals(found.digest) ? found : null;
  }

  private async replace(
    token: RefreshToken,
    clientId: string | null,
    audit: AuditContext,
    isRetry = false,
  ): Promise<LiveSession | null> {
    const found = await this.find(token, clientId);
    if (!found || !token.isIssuedWith(found.secret)) return null;
    const { issuedAt, secret, digest, previousDigest, isRepeatable, ...session } = found;
    const successor = token.successor(secret);
    const refreshed = { ...session, refreshToken: successor.text };
    if (token.digest.equals(digest)) {
      const expiresAt = await this.advance(session, digest, successor.digest);
      if (expiresAt) return { ...refreshed, expiresAt };
      // A concurrent refresh came first, or the session has ended.
      return isRetry ? null : this.replace(token, clientId, audit, true);
    }
    if (isRepeatable && previousDigest && token.digest.equals(previousDigest)) return refreshed;
    await this.sessions.end(session.sessionId, { audit, reason: 'refresh_token_reused' });
    this.logger.warn({
      msg: 'refresh token used again, session ended',
      request_id: audit.requestId,
      account_id: session.id,
      session_id: session.sessionId,
    });
    return null;
  }

  private async find(token: RefreshToken, clientId: string | null): Promise<RefreshableSession | null> {
    const rows = await preparedQuery<RefreshableSession>(this.database, {
      name: 'session-refresh-find',
      text: `SELECT ${ACCOUNT_COLUMNS}, s.expires_at AS "expiresAt",
          coalesce(s.refreshed_at, s.created_at) AS "issuedAt", s.refresh_secret AS secret,
          s.refresh_digest AS digest, s.previous_refresh_digest AS "previousDigest",
          s.refreshed_at > now() - ${REPEATABLE} AS "isRepeatable"
        FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id
        WHERE s.refresh_family = $1 AND s.client_id IS NOT DISTINCT FROM $2::text
          AND s.expires_at > now() AND a.status = 'active'`,
      values: [token.familyDigest, clientId],
    });
    return rows[0] ?? null;
  }

  /**
   * Decides a race between refreshes, on all replicas: one of them replaces the current token.
   * @returns the new end of the session; null if the token is no longer the current one, or the session has ended
   */
  private async advance(session: SessionAccount, current: Buffer, next: Buffer): Promise<Date | null> {
    const { sessionId, id: accountId } = session;
    const { refreshTokenSeconds, maxSeconds } = this.lifetimes;
    const rows = await preparedQuery<{ expiresAt: Date }>(this.database, {
      name: 'session-refresh',
      text: `UPDATE identity.sessions SET refresh_digest = $3, previous_refresh_digest = refresh_digest,
          refreshed_at = now(), last_used_at = now(),
          expires_at = least(now() + $4 * interval '1 second', created_at + $5 * interval '1 second')
        WHERE id = $1 AND account_id = $6 AND refresh_digest = $2 AND expires_at > now()
          AND created_at + $5 * interval '1 second' > now()
        RETURNING expires_at AS "expiresAt"`,
      values: [sessionId, current, next, refreshTokenSeconds, maxSeconds, accountId],
    });
    return rows[0]?.expiresAt ?? null;
  }
}
