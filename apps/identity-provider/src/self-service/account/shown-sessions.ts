import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Session } from '#libs/database/identity/session.entity.js';
import { ACCOUNT_CLIENT_ID } from '../../oauth/clients/account-client.js';
import { AccountSessionsService } from '../../sessions/account-sessions.service.js';
import type { SessionAccount } from '../../sessions/session-account.js';
import type { ShownSession } from './account-overview.js';
import { browserName } from './browser-name.js';

const LIMIT = '100';

/** The sessions of an account as people see them: one for each browser, with the applications that it is signed in to. */
@Injectable()
export class ShownSessions {
  constructor(
    private readonly database: DataSource,
    private readonly sessions: AccountSessionsService,
  ) {}

  /** @returns the newest first, from at most 100 rows and that of this browser; `isCut` if there are more */
  async of(account: SessionAccount): Promise<{ sessions: ShownSession[]; isCut: boolean }> {
    const { sessionId } = account;
    const { items, isCut } = await this.rows(account);
    const names = await this.clientNames(items);
    const known = new Set(items.map((each) => each.id));
    const isBelow = ({ signInId }: Session): boolean => signInId !== null && known.has(signInId);
    const shown = items
      // The page's own client is one row below each sign-in, which can be among those that were left out.
      .filter((session) => session.clientId !== ACCOUNT_CLIENT_ID && !isBelow(session))
      .map((session): ShownSession => {
        const applications = items
          .filter(({ signInId, clientId }) => signInId === session.id && clientId !== ACCOUNT_CLIENT_ID)
          .map(({ clientId }) => nameOf(names, clientId));
        return {
          id: session.id,
          name: session.clientId === null ? browserName(session.userAgent) : nameOf(names, session.clientId),
          address: session.address,
          createdAt: session.createdAt,
          usedAt: session.lastUsedAt ?? session.createdAt,
          isCurrent: session.id === sessionId,
          applications,
        };
      });
    return { sessions: shown, isCut };
  }

  private async rows({ id, sessionId }: SessionAccount): Promise<{ items: Session[]; isCut: boolean }> {
    const { items, nextCursor } = await this.sessions.listOwn(id, { limit: LIMIT });
    const isCut = nextCursor !== null;
    if (!isCut || items.some((each) => each.id === sessionId)) return { items, isCut };
    const current = await this.database.manager.findBy(Session, { id: sessionId, accountId: id });
    return { items: [...items, ...current], isCut };
  }

  private async clientNames(sessions: readonly Session[]): Promise<Map<string, string>> {
    const ids = [...new Set(sessions.map(({ clientId }) => clientId).filter((id) => id !== null))];
    if (ids.length === 0) return new Map();
    const rows: { clientId: string; name: string }[] = await this.database.query(
      'SELECT client_id AS "clientId", name FROM identity.oauth_clients WHERE client_id = ANY($1)',
      [ids],
    );
    return new Map(rows.map(({ clientId, name }) => [clientId, name]));
  }
}

const nameOf = (names: Map<string, string>, clientId: string | null): string =>
  names.get(clientId ?? '') ?? clientId ?? '';
