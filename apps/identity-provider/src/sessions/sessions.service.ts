import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuditContext } from '#libs/audit/audit-context.js';
import { auditRows, insertAudit } from '#libs/audit/audit-writer.js';
import { newId } from '#libs/core/ids.js';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { OWN_CLIENT_ID } from '../tokens/token-signer.js';
import type { AuthenticationMethod } from './authentication-methods.js';
import { RefreshToken } from './refresh-token.js';
import { ACCOUNT_COLUMNS, type SessionAccount } from './session-account.js';
import { ENDED_SESSIONS, endingRows, type SessionEnding } from './session-ending.js';

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

/** The sessions of native accounts. A token is valid only while the session in its `sid` claim exists. */
@Injectable()
export class SessionsService {
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

  /**
   * Ends a session: its access tokens and its refresh token are refused from now on. With a browser's sign-in the sessions
   * of its clients end.
   * @param options.accountId where given, the session ends only if it is this account's
   * @param options.tx the transaction that this belongs to
   * @returns false if there is no such live session
   */
  async end(
    id: string,
    ending: SessionEnding,
    { accountId = null, tx = this.database.manager }: { accountId?: string | null; tx?: EntityManager } = {},
  ): Promise<boolean> {
    const ended: EndedSession[] = await tx.query(
      deleting('(id = $2 OR sign_in_id = $2) AND ($3::uuid IS NULL OR account_id = $3)'),
      [endingRows(ending), id, accountId],
    );
    return ended.some((session) => session.id === id.toLowerCase() && session.live);
  }

  /**
   * Ends the sessions of an account, and the trust in its browsers.
   * @param options.except the session that stays, with the browser's sign-in that it belongs to
   * @param options.tx the transaction that this belongs to
   * @returns the ids of the live sessions that were ended
   */
  async endAll(
    accountId: string,
    ending: SessionEnding,
    { except = null, tx = this.database.manager }: { except?: string | null; tx?: EntityManager } = {},
  ): Promise<string[]> {
    const ended: EndedSession[] = await tx.query(
      deleting(`account_id = $2 AND ($3::uuid IS NULL OR ${NOT_EXCEPTED})`, FORGOTTEN_BROWSERS),
      [endingRows(ending), accountId, except],
    );
    return ended.filter(({ live }) => live).map(({ id }) => id);
  }

  /**
   * Ends the sessions of all accounts that began before now, and the trust in all browsers, some after the other: a
   * statement has a time limit.
   * @returns the number of live sessions that were ended
   */
  async endAllOfAllAccounts(ending: SessionEnding): Promise<number> {
    const [{ now }] = await this.database.query('SELECT now()::text AS now');
    let live = 0;
    for (;;) {
      const ended: EndedSession[] = await this.database.query(deleting(NEXT, ALL_FORGOTTEN_BROWSERS), [
        endingRows(ending),
        BATCH,
        now,
      ]);
      live += ended.filter((session) => session.live).length;
      // Fewer than a batch, if others end sessions at the same time, are not the last ones.
      if (ended.length === 0) return live;
    }
  }

  /** Ends the sessions of an OAuth client. @param tx the transaction that this belongs to */
  async endAllOfClient(clientId: string, ending: SessionEnding, tx: EntityManager): Promise<void> {
    await tx.query(deleting('client_id = $2'), [endingRows(ending), clientId]);
  }
}

/** The end of a sign-in would also end the session of a client below it. */
const NOT_EXCEPTED = `id <> $3 AND id IS DISTINCT FROM (SELECT sign_in_id FROM identity.sessions WHERE id = $3)`;

/** SQL: who ends all sessions wants all browsers to prove again who uses them. */
const FORGOTTEN_BROWSERS = `, forgotten AS (DELETE FROM identity.trusted_browsers WHERE account_id = $2)`;

const BATCH = 10_000;

/** SQL: sessions of clients first, because a browser's sign-in takes those below it with it, without their events. */
const NEXT = `id IN (SELECT id FROM identity.sessions WHERE created_at <= $3 ORDER BY sign_in_id NULLS LAST LIMIT $2)`;

const ALL_FORGOTTEN_BROWSERS = ', forgotten AS (DELETE FROM identity.trusted_browsers)';

/** One statement, so that no session ends without its event, also outside a transaction. */
const deleting = (condition: string, more = ''): string => `
  WITH ended AS (
    DELETE FROM identity.sessions WHERE ${condition} RETURNING id, account_id, expires_at > now() AS live
  ), recorded AS (${insertAudit('identity', '$1', ENDED_SESSIONS)})${more}
  SELECT id, live FROM ended`;

interface EndedSession {
  id: string;
  live: boolean;
}

/** The actor is the account that signs in, which has no token yet. */
function startedRow(id: string, { accountId, email, clientId, amr, audit }: NewSession): string {
  const actor = { issuer: NATIVE_ISSUER, sub: accountId, name: email };
  return auditRows(
    { ...audit, actor, clientId: clientId ?? OWN_CLIENT_ID, sessionId: id },
    { action: 'session.started', targetId: id, details: { account_id: accountId, amr } },
  );
}
