import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { preparedQuery } from '#libs/database/prepared-query.js';
import { ACCOUNT_COLUMNS, type SessionAccount } from './session-account.js';
import { isStale, SessionActivity } from './session-activity.js';

/** Finds the session of a token, at every request. */
@Injectable()
export class SessionLookup {
  constructor(
    private readonly database: DataSource,
    private readonly activity: SessionActivity,
  ) {}

  /** @returns null if the session has ended or expired, or the account is not active */
  async find(id: string, accountId: string): Promise<SessionAccount | null> {
    const rows = await preparedQuery<SessionAccount & { isStale: boolean }>(this.database, {
      name: 'session-find',
      text: `SELECT ${ACCOUNT_COLUMNS}, ${isStale('s')} AS "isStale"
        FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id
        WHERE s.id = $1 AND a.id = $2 AND s.expires_at > now() AND a.status = 'active'`,
      values: [id, accountId],
    });
    const [session] = rows;
    if (session?.isStale) this.activity.note(session.sessionId);
    return session ?? null;
  }
}
