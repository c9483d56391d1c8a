import { createHash } from 'node:crypto';
import { isId, isStorable } from '#libs/core/ids.js';
import { invalidField } from '../replies/api-error.js';
import { field, rule } from './field.js';
import { ChoiceField, TextField } from './fields.js';

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 20;

const isLimit = (value: unknown): boolean =>
  typeof value === 'string' && /^[1-9]\d{0,2}$/.test(value) && Number(value) <= MAX_LIMIT;

/** The query parameters of every list. The class of a list adds `sort` and filters. */
export class ListQuery {
  @field(
    { optional: true, description: 'The maximum number of entries.' },
    { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
    rule((value: unknown) => isLimit(value), 'out_of_range', `A whole number from 1 to ${MAX_LIMIT}.`),
  )
  limit?: string;

  @TextField({
    optional: true,
    max: 2048,
    // Opaque: the document does not describe its format.
    schema: { maxLength: undefined },
    description: 'Where the page starts: `meta.next_cursor` of the previous page.',
  })
  cursor?: string;

  @ChoiceField(['true', 'false'], {
    optional: true,
    description: 'Whether `meta.total` has the number of all entries.',
  })
  include_total?: 'true' | 'false';
}

/** A list that can also be searched by prefix. */
export class SearchableListQuery extends ListQuery {
  @TextField({
    optional: true,
    max: 255,
    description: 'The beginning of an email address, name or username. Case is ignored.',
  })
  q?: string;
}

/** The `sort` parameter. The first field is the default; a leading `-` sorts descending. */
export const SortField = (fields: readonly string[]): PropertyDecorator =>
  ChoiceField(
    fields.flatMap((name) => [name, `-${name}`]),
    {
      optional: true,
      description: `Default: \`${fields[0]}\`. A leading \`-\` sorts descending; ids break ties, nulls come last.`,
    },
  );

/** The position in a sorted list after which a page starts. */
export interface ListPosition {
  /** The value of the sorted field as in JSON, or null. */
  value: string | null;
  id: string;
}

/** Everything that determines the rows of a list and their order. */
export type ListIdentity = Readonly<Record<string, string | undefined>>;

/** The type of a sorted field. */
export type SortKind = 'text' | 'time';

/** The parsed query of a list, with defaults. */
export interface ListRequest<Sort extends string = string> {
  sort: Sort;
  descending: boolean;
  limit: number;
  after: ListPosition | null;
  includeTotal: boolean;
  /** Identifies the list in cursors. */
  identity: ListIdentity;
}

const IS_VALUE: Record<SortKind, (text: string) => boolean> = { text: isStorable, time: isTime };

/**
 * Parses the query of a list.
 * @param list the list's name: cursors of other lists are rejected
 * @param sorts the fields by which the list can be sorted, the default first
 * @param filters everything else that determines the rows of the list
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

/** A page of a list: its entries, the cursor of the next page, and, if requested, the total number of entries. */
export interface ListPage<Item> {
  items: Item[];
  limit: number;
  nextCursor: string | null;
  total?: number;
}

/** @param next the position after which the next page starts, null on the last page */
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

/** Accepts only the format of `Date.toISOString`, which Postgres can read. */
function isTime(text: string): boolean {
  const time = new Date(text);
  return text.length === 24 && !Number.isNaN(time.getTime()) && time.toISOString() === text;
}

const fingerprint = (list: ListIdentity): string =>
  createHash('sha256')
    .update(
      JSON.stringify(
        Object.entries(list)
          .filter(([, value]) => value !== undefined)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
    )
    .digest('base64url')
    .slice(0, 16);

export const encodeCursor = (list: ListIdentity, { value, id }: ListPosition): string =>
  Buffer.from(JSON.stringify([fingerprint(list), value, id])).toString('base64url');

/**
 * Reads a cursor. Clients can forge cursors, so their values are checked before SQL gets them.
 * @param isValue whether a text can be a value of the sorted field
 * @throws ApiError 422 on `cursor` if it is not a cursor of this list in this order
 */
export function decodeCursor(
  list: ListIdentity,
  cursor: string,
  isValue: (text: string) => boolean = isStorable,
): ListPosition {
  const [print, value, id] = parse(cursor);
  const isValid = value === null || (typeof value === 'string' && isValue(value));
  if (!isValid || !isId(id) || print !== fingerprint(list)) {
    throw invalidField(
      'cursor',
      'invalid_cursor',
      'This cursor does not belong to this list with this sort and filter.',
    );
  }
  return { value, id };
}

function parse(cursor: string): unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
