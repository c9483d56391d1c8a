import {
  decodeCursor,
  encodeCursor,
  type ListIdentity,
  type ListQuery,
  type ListPosition,
} from './list-query.js';
import { isStorable } from '#libs/core/storable-text.js';

/** What the values of a sorted field are. */
export type SortKind = 'text' | 'time';

/** A list's query with its defaults filled in and its cursor read. */
export interface ListRequest<Sort extends string = string> {
  sort: Sort;
  descending: boolean;
  limit: number;
  after: ListPosition | null;
  includeTotal: boolean;
  /** What a cursor belongs to. */
  identity: ListIdentity;
}

const DEFAULT_LIMIT = 20;

const IS_VALUE: Record<SortKind, (text: string) => boolean> = { text: isStorable, time: isTime };

/**
 * @param list its name: a cursor of one is none of another
 * @param sorts the fields that the list sorts by, the first being the default
 * @param filters everything else that decides which rows the list holds
 * @throws ApiError 422 on `cursor`
 */
export function readList<Sort extends string>(
  list: string,
  query: ListQuery & { sort?: string },
  sorts: Record<Sort, { kind: SortKind }>,
  filters: ListIdentity,
): ListRequest<Sort> {
  const order = query.sort ?? (Object.keys(sorts)[0] as string);
  const descending = order.startsWith('-');
  const sort = (descending ? order.slice(1) : order) as Sort;
  const identity = { ...filters, list, sort: order };
  return {
    sort,
    descending,
    limit: query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit),
    after:
      query.cursor === undefined ? null : decodeCursor(identity, query.cursor, IS_VALUE[sorts[sort].kind]),
    includeTotal: query.include_total === 'true',
    identity,
  };
}

/** A page of a list: its entries, the cursor of the next page, and the number of entries in all if it was asked for. */
export interface ListPage<Item> {
  items: Item[];
  limit: number;
  nextCursor: string | null;
  total?: number;
}

/** @param next the position where the next page begins, null after the last page */
export function listPage<Item>(
  { limit, identity }: ListRequest,
  items: Item[],
  next: ListPosition | null,
  total?: number,
): ListPage<Item> {
  return {
    items,
    limit,
    nextCursor: next && encodeCursor(identity, next),
    ...(total === undefined ? {} : { total }),
  };
}

/** Exactly the form in which `Date` writes a time, which Postgres reads too. */
function isTime(text: string): boolean {
  const time = new Date(text);
  return text.length === 24 && !Number.isNaN(time.getTime()) && time.toISOString() === text;
}
