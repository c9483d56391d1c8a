import type { Repository } from 'typeorm';
import { textKey } from '#libs/core/ids.js';
import type { Account } from '#libs/database/identity/account.entity.js';
import { nameStartsWith } from '#libs/database/queries/name-search.js';
import { countRows, fetchPage, keyStartsWith } from '#libs/database/queries/page.js';
import { type ListPage, listPage, readList } from '#libs/http/input/list-query.js';
import type { AccountWithRole } from './account-rows.js';
import type { AccountListQuery } from './accounts.dto.js';

const SORTS = {
  created_at: {
    kind: 'time',
    column: 'account.createdAt',
    valueOf: ({ createdAt }: Account) => createdAt.toISOString(),
  },
  email: { kind: 'text', column: 'account.emailKey', valueOf: (account: Account) => account.emailKey },
} as const;

/** A page of accounts, each with its role. `q` is a prefix of the email, the last name or the full name. */
export async function listAccounts(
  accounts: Repository<Account>,
  { q, status, ...query }: AccountListQuery,
): Promise<ListPage<AccountWithRole>> {
  const roleId = query.role_id?.toLowerCase();
  const request = readList('accounts', query, SORTS, { q, status, roleId });
  const found = accounts.createQueryBuilder('account').innerJoinAndSelect('account.role', 'role');
  if (roleId) found.andWhere('account.roleId = :roleId', { roleId });
  if (status) found.andWhere('account.status = :status', { status });
  if (q) {
    const matches = `${keyStartsWith('account.email_key', ':key')} OR ${nameStartsWith('account', ':q')}`;
    found.andWhere(`(${matches})`, { key: textKey(q), q });
  }
  const { rows, next } = await fetchPage(found, SORTS[request.sort], request);
  const total = request.includeTotal ? await countRows(found) : undefined;
  return listPage(request, rows as AccountWithRole[], next, total);
}
