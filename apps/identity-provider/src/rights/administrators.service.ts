import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type ListPage, listPage, readList } from '#libs/http/input/list-query.js';
import { ADMINISTRATOR_ROLES } from '../authority/role-hierarchy.js';
import type { AdministratorListQuery } from './rights.dto.js';

const SORTS = { created_at: { kind: 'time' } } as const;

/** Role by role: otherwise Postgres scans all accounts in order to find a few administrators. */
const PAGE = `
  SELECT account.id, account.created_at FROM (${ADMINISTRATOR_ROLES}) role CROSS JOIN LATERAL (
    SELECT a.id, a.created_at FROM identity.accounts a
    WHERE a.role_id = role.role_id AND a.status = 'active' AND (a.created_at, a.id) > ($1, $2)
    ORDER BY a.created_at, a.id LIMIT $3
  ) account
  ORDER BY account.created_at, account.id LIMIT $3`;

const TOTAL = `
  SELECT count(*)::integer AS total FROM identity.accounts
  WHERE status = 'active' AND role_id IN (${ADMINISTRATOR_ROLES})`;

const START = { value: '-infinity', id: '00000000-0000-0000-0000-000000000000' };

@Injectable()
export class AdministratorsService {
  constructor(private readonly database: DataSource) {}

  /** A page of the active accounts with `*`. */
  async list(query: AdministratorListQuery): Promise<ListPage<{ id: string }>> {
    const request = readList('administrators', query, SORTS, {});
    const { value, id } = request.after ?? START;
    const rows: { id: string; created_at: Date }[] = await this.database.query(PAGE, [
      value,
      id,
      request.limit + 1,
    ]);
    const page = rows.slice(0, request.limit);
    const last = rows.length > request.limit ? page.at(-1) : undefined;
    const next = last ? { value: last.created_at.toISOString(), id: last.id } : null;
    return listPage(request, page, next, await this.total(request));
  }

  private async total({ includeTotal }: { includeTotal: boolean }): Promise<number | undefined> {
    if (!includeTotal) return undefined;
    const [row] = await this.database.query(TOTAL);
    return row.total;
  }
}
