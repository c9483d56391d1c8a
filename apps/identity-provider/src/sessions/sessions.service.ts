import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { insertAudit } from '#libs/audit/audit-writer.js';
import { ENDED_SESSIONS, endingRows, type SessionEnding } from './session-ending.js';

/** Ends sessions of native accounts. A token is valid only while the session in its `sid` claim exists. */
@Injectable()
export class SessionsService {
  constructor(private readonly database: DataSource) {}

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
