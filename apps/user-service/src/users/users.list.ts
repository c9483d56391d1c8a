import type { EntityManager } from 'typeorm';
import { textKey } from '#libs/core/ids.js';
import { nameStartsWith } from '#libs/database/queries/name-search.js';
import { countRows, fetchPage, keyStartsWith, type SortColumn } from '#libs/database/queries/page.js';
import { User } from '#libs/database/users/user.entity.js';
import { type ListPage, listPage, readList } from '#libs/http/input/list-query.js';
import { type Profile, profileOf } from './profile.js';
import type { UserListQuery } from './users.dto.js';

type Sort = 'created_at' | 'username' | 'email';

const SORTS: Record<Sort, SortColumn<User> & { kind: 'time' | 'text' }> = {
  created_at: { kind: 'time', column: 'u.createdAt', valueOf: (user) => user.createdAt.toISOString() },
  username: {
    kind: 'text',
    column: 'i.usernameKey',
    nullable: true,
    id: 'i.userId',
    valueOf: (user) => user.identities?.[0]?.usernameKey ?? null,
  },
  email: {
    kind: 'text',
    column: 'i.emailKey',
    nullable: true,
    id: 'i.userId',
    valueOf: (user) => user.identities?.[0]?.emailKey ?? null,
  },
};

/** Users of all issuers, without the deleted ones. */
export async function listUsers(database: EntityManager, query: UserListQuery): Promise<ListPage<Profile>> {
  const { issuer, status, username, email, q } = query;
  const request = readList('users', query, SORTS, { issuer, status, username, email, q });
  const users = database
    .createQueryBuilder(User, 'u')
    .innerJoinAndSelect('u.identities', 'i')
    .where(`u.status <> 'deleted'`);
  if (issuer !== undefined) users.andWhere('i.issuer = :issuer', { issuer });
  if (status !== undefined) users.andWhere('u.status = :status', { status });
  if (username !== undefined) users.andWhere('i.usernameKey = :username', { username: textKey(username) });
  if (email !== undefined) users.andWhere('i.emailKey = :email', { email: textKey(email) });
  if (q !== undefined) {
    users.andWhere(
      `(${keyStartsWith('i.email_key', ':key')} OR ${keyStartsWith('i.username_key', ':key')} OR ${nameStartsWith('i', ':q')})`,
      { q, key: textKey(q) },
    );
  }
  const page = await fetchPage(users, SORTS[request.sort], request);
  const total = request.includeTotal ? await countRows(users) : undefined;
  return listPage(request, page.rows.map(profileOf), page.next, total);
}
