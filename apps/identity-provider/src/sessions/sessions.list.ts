import type { Repository } from 'typeorm';
import type { Session } from '#libs/database/identity/session.entity.js';
import { countRows, fetchPage } from '#libs/database/queries/page.js';
import { type ListPage, type ListQuery, listPage, readList } from '#libs/http/input/list-query.js';

const SORTS = {
  created_at: {
    kind: 'time',
    column: 'session.createdAt',
    valueOf: ({ createdAt }: Session) => createdAt.toISOString(),
  },
} as const;

/** A page of the live sessions of an account, newest first. */
export async function listSessions(
  sessions: Repository<Session>,
  accountId: string,
  query: ListQuery,
): Promise<ListPage<Session>> {
  const request = readList('sessions', { ...query, sort: '-created_at' }, SORTS, {
    accountId: accountId.toLowerCase(),
  });
  const found = sessions
    .createQueryBuilder('session')
    .where('session.accountId = :accountId AND session.expiresAt > now()', { accountId });
  const { rows, next } = await fetchPage(found, SORTS[request.sort], request);
  const total = request.includeTotal ? await countRows(found) : undefined;
  return listPage(request, rows, next, total);
}
