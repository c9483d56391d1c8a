import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BatchedLookup, type LookupStatement } from '#libs/database/queries/batched-lookup.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { ACCOUNT_COLUMNS, type SessionAccount } from './session-account.js';
import { isStale, SessionActivity } from './session-activity.js';

const BY_SESSION_AND_ACCOUNT: LookupStatement = {
  name: 'session-find',
  keyTypes: ['uuid', 'uuid'],
  sql: (session, account) => `SELECT ${ACCOUNT_COLUMNS}, ${isStale('s')} AS "isStale"
    FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id
    WHERE s.id = ${session} AND a.id = ${account} AND s.expires_at > now() AND a.status = 'active'`,
};

/** Finds the session of a token, at every request. */
@Injectable()
export class SessionLookup {
  private readonly lookup: BatchedLookup<[string, string], SessionAccount & { isStale: boolean }>;

  constructor(
    database: DataSource,
    private readonly activity: SessionActivity,
  ) {
    this.lookup = new BatchedLookup(
      (statement) => preparedQuery(database, statement),
      BY_SESSION_AND_ACCOUNT,
    );
  }

  /** @returns null if the session has ended or expired, or the account is not active */
  async find(id: string, accountId: string): Promise<SessionAccount | null> {
    const session = await this.lookup.find(id, accountId);
    if (session?.isStale) this.activity.note(session.sessionId);
    return session;
  }
}
