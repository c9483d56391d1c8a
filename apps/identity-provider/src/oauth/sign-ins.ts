import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AuditActor, AuditContext } from '#libs/audit/audit-context.js';
import { auditRows, insertAudit } from '#libs/audit/audit-writer.js';
import { newId } from '#libs/core/ids.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import type { VerifiedAccount } from '../auth/login.service.js';
import type { AuthenticationMethod } from '../sessions/authentication-methods.js';
import type { SessionEnding } from '../sessions/session-ending.js';
import { SessionOpener } from '../sessions/session-opener.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { OauthLifetimes } from './lifetimes.js';

/** SQL: the end of a session that is used now, with the idle and the longest time in seconds. */
const nextExpiry = (idle: string, max: string): string =>
  `least(now() + ${idle} * interval '1 second', s.created_at + ${max} * interval '1 second')`;

/**
 * The sessions of the OpenID Provider: one for each sign-in of a browser at Twinkey's pages, and below it one for each
 * client that the browser signs in to. The id of a client's session is the `sid` of its tokens and the id of its grant.
 */
@Injectable()
export class SignIns {
  constructor(
    private readonly database: DataSource,
    private readonly opener: SessionOpener,
    private readonly sessions: SessionsService,
    private readonly lifetimes: OauthLifetimes,
  ) {}

  /**
   * Opens the session of a browser's sign-in.
   * @returns its id, or null if the account or its password has changed since the password was verified
   */
  async open(account: VerifiedAccount, audit: AuditContext): Promise<string | null> {
    const expiresAt = new Date(Date.now() + this.lifetimes.idle * 1000);
    const opened = await this.opener.open({
      ...account,
      clientId: null,
      expiresAt,
      isRefreshable: false,
      audit,
    });
    return opened?.sessionId ?? null;
  }

  /** Extends a browser's sign-in. @returns its id, or null if it has ended or belongs to another account */
  async renew(signInId: string, accountId: string): Promise<string | null> {
    const rows = await preparedQuery<{ id: string }>(this.database, {
      name: 'sign-in-renew',
      text: `UPDATE identity.sessions s SET expires_at = ${nextExpiry('$3', '$4')}, last_used_at = now()
        WHERE id = $1 AND account_id = $2 AND expires_at > now() RETURNING id`,
      values: [signInId, accountId, this.lifetimes.idle, this.lifetimes.max],
    });
    return rows[0]?.id ?? null;
  }

  /** Notes that the user of a browser's sign-in has signed in again. @returns as `renew` */
  async reauthenticate(
    signInId: string,
    accountId: string,
    amr: readonly AuthenticationMethod[],
  ): Promise<string | null> {
    const [row] = await preparedQuery<{ id: string }>(this.database, {
      name: 'sign-in-again',
      text: `UPDATE identity.sessions s SET amr = $3, authenticated_at = now(), last_used_at = now(),
          expires_at = ${nextExpiry('$4', '$5')}
        WHERE id = $1 AND account_id = $2 AND expires_at > now() RETURNING id`,
      values: [signInId, accountId, amr, this.lifetimes.idle, this.lifetimes.max],
    });
    return row?.id ?? null;
  }

  /**
   * The session of a client below a browser's sign-in: the present one, or a new one.
   * @returns its id, or null if the sign-in has ended
   */
  async openForClient(
    signInId: string,
    { accountId, email }: { accountId: string; email: string },
    audit: AuditContext & { clientId: string },
  ): Promise<string | null> {
    if ((await this.renew(signInId, accountId)) === null) return null;
    const id = newId();
    const actor = { issuer: NATIVE_ISSUER, sub: accountId, name: email };
    const started = { action: 'session.started', targetId: id, details: { account_id: accountId } } as const;
    const rows = await preparedQuery<{ id: string }>(this.database, {
      name: 'sign-in-client',
      text: `WITH opened AS (INSERT INTO identity.sessions AS s (id, account_id, client_id, sign_in_id, expires_at, address, user_agent, amr, authenticated_at)
        SELECT $1, account_id, $4, id, expires_at, address, user_agent, amr, coalesce(authenticated_at, created_at)
          FROM identity.sessions
          WHERE id = $2 AND account_id = $3 AND expires_at > now() FOR KEY SHARE
        ON CONFLICT (sign_in_id, client_id) WHERE sign_in_id IS NOT NULL
          DO UPDATE SET expires_at = excluded.expires_at, amr = excluded.amr,
            authenticated_at = excluded.authenticated_at
        RETURNING id), recorded AS (
          ${insertAudit('identity', '$5', { from: '(SELECT FROM opened WHERE id = $1) AS session' })})
        SELECT id FROM opened`,
      values: [
        id,
        signInId,
        accountId,
        audit.clientId,
        auditRows({ ...audit, actor, sessionId: id }, started),
      ],
    });
    return rows[0]?.id ?? null;
  }

  /** Extends a client's session and its sign-in, after a refresh. */
  async use(sessionId: string): Promise<void> {
    await preparedQuery(this.database, {
      name: 'sign-in-use',
      text: `UPDATE identity.sessions s SET expires_at = ${nextExpiry('$2', '$3')}, last_used_at = now()
        WHERE id IN ($1, (SELECT sign_in_id FROM identity.sessions WHERE id = $1)) AND expires_at > now()`,
      values: [sessionId, this.lifetimes.idle, this.lifetimes.max],
    });
  }

  /** Ends a session and all that came from it. Its account is the actor, except where a stolen token was used. */
  async end(id: string, { audit, reason }: SessionEnding): Promise<void> {
    const actor =
      reason === 'refresh_token_reused' || reason === 'code_reused' ? null : await this.ownerOf(id);
    await this.sessions.end(id, { audit: { ...audit, actor, sessionId: actor && id }, reason });
  }

  private async ownerOf(id: string): Promise<AuditActor | null> {
    const [owner] = await this.database.query(
      `SELECT a.id AS sub, a.email AS name FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id
        WHERE s.id = $1`,
      [id],
    );
    return owner ? { issuer: NATIVE_ISSUER, ...owner } : null;
  }
}
