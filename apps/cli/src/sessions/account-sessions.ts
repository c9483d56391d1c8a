import type { DataSource } from 'typeorm';
import { SessionsService } from '#apps/identity-provider/src/sessions/sessions.service.js';
import { NO_REQUEST } from '#libs/audit/audit-context.js';
import type { Environment } from '#libs/config/environment.js';
import { isId, textKey } from '#libs/core/ids.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { withIdentityDatabase } from '../identity/identity-database.js';

export interface ListedSession {
  id: string;
  client_id: string | null;
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date;
  address: string | null;
  user_agent: string | null;
}

interface SessionAccount {
  id: string;
  email: string;
}

const ENDING = { audit: NO_REQUEST, reason: 'ended_by_administrator', command: 'sessions end' } as const;

/** The sessions of one native account, in the database. */
class AccountSessions {
  constructor(
    private readonly database: DataSource,
    readonly account: SessionAccount,
  ) {}

  /** The live ones, newest first. */
  async list(): Promise<ListedSession[]> {
    const rows: Partial<ListedSession>[] = await this.database.query(
      `SELECT * FROM identity.sessions WHERE account_id = $1 AND expires_at > now() ORDER BY created_at DESC, id DESC`,
      [this.account.id],
    );
    return rows.map((row) => ({
      id: row.id as string,
      client_id: row.client_id ?? null,
      created_at: row.created_at as Date,
      last_used_at: row.last_used_at ?? null,
      expires_at: row.expires_at as Date,
      address: row.address ?? null,
      user_agent: row.user_agent ?? null,
    }));
  }

  /**
   * Ends one session with those of the clients below it, or all if `id` is null. identity-provider refuses its tokens at once; a trigger tells the readers of
   * the feed.
   * @returns the ids of the live sessions that were ended
   * @throws UserFacingError if the account has no such session
   */
  async end(id: string | null): Promise<string[]> {
    if (id !== null && !isId(id)) throw noSession(id);
    const sessions = new SessionsService(this.database);
    if (id === null) return sessions.endAll(this.account.id, ENDING);
    if (!(await sessions.end(id, ENDING, { accountId: this.account.id }))) throw noSession(id);
    return [id];
  }
}

const noSession = (id: string) => new UserFacingError(`The account has no live session ${id}.`);

/**
 * @param account an email address, in any case, or an id
 * @throws UserFacingError if there is no such account
 */
export function withAccountSessions<T>(
  env: Environment,
  account: string,
  work: (sessions: AccountSessions) => Promise<T>,
): Promise<T> {
  return withIdentityDatabase(env, async (database) => {
    const [where, value] = isId(account) ? ['id = $1', account] : ['email_key = $1', textKey(account)];
    const [found]: SessionAccount[] = await database.query(
      `SELECT id, email FROM identity.accounts WHERE ${where}`,
      [value],
    );
    if (!found) throw new UserFacingError(`No native account has the email address or id ${account}.`);
    return work(new AccountSessions(database, found));
  });
}

/** Ends every session. @returns the number of live ones */
export const endAllOfAllAccounts = (env: Environment): Promise<number> =>
  withIdentityDatabase(env, (database) => new SessionsService(database).endAllOfAllAccounts(ENDING));
