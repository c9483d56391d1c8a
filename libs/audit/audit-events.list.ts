import type { Repository } from 'typeorm';
import { countRows, fetchPage } from '#libs/database/queries/page.js';
import type { AuditEvent } from '#libs/database/shared-entities/audit-event.entity.js';
import { type ListPage, listPage, readList } from '#libs/http/input/list-query.js';
import type { AuditEventListQuery } from './audit-events.dto.js';
import { filterEvents } from './audit-filter.js';

const SORTS = {
  at: { kind: 'time', column: 'event.at', valueOf: ({ at }: AuditEvent) => at.toISOString() },
} as const;

/** A page of events, the newest first unless the query says otherwise. @throws ApiError 422 on `cursor` */
export async function listAuditEvents(
  events: Repository<AuditEvent>,
  { sort = '-at', ...query }: AuditEventListQuery,
): Promise<ListPage<AuditEvent>> {
  const { action, outcome, actor, target, from, to } = query;
  const filter = { action, outcome, actor, target, from, to };
  const request = readList('audit-events', { ...query, sort }, SORTS, filter);
  const found = events.createQueryBuilder('event');
  filterEvents(found, filter);
  const { rows, next } = await fetchPage(found, SORTS.at, request);
  const total = request.includeTotal ? await countRows(found) : undefined;
  return listPage(request, rows, next, total);
}
