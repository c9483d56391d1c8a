import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** A column that a list may be sorted by. */
export interface SortColumn<Row> {
  /** The query builder's name: `account.createdAt`. Never a text from a client. */
  column: string;
  /** Rows without a value come last, in both directions. */
  nullable?: boolean;
  /** The column that orders equal rows; by default the `id` of the query's main table. */
  id?: string;
  /** The row's value for the cursor. */
  valueOf(row: Row): string | null;
}

/** The position in a sorted list after which a page begins. */
export interface PagePosition {
  value: string | null;
  id: string;
}

export interface PageOptions {
  descending: boolean;
  limit: number;
  after: PagePosition | null;
}

export interface Page<Row> {
  rows: Row[];
  /** Null for the last page. */
  next: PagePosition | null;
}

/**
 * Reads a page of a list. It begins after the last row of the previous page (keyset pagination), so that with an index on
 * (column, id) all pages are equally fast. Joins must be to one row each.
 * @param query the list with its filters, without an order
 */
export async function fetchPage<Row extends ObjectLiteral & { id: string }>(
  query: SelectQueryBuilder<Row>,
  sort: SortColumn<Row>,
  { descending, limit, after }: PageOptions,
): Promise<Page<Row>> {
  const id = sort.id ?? `${query.alias}.id`;
  const [direction, operator] = descending ? (['DESC', '<'] as const) : (['ASC', '>'] as const);
  const ranges: SelectQueryBuilder<Row>[] = [];
  if (after === null || after.value !== null) {
    const valued = query.clone().orderBy(sort.column, direction).addOrderBy(id, direction);
    if (sort.nullable) valued.andWhere(`${sort.column} IS NOT NULL`);
    if (after) {
      valued.andWhere(`(${sort.column}, ${id}) ${operator} (:afterValue, :afterId)`, {
        afterValue: after.value,
        afterId: after.id,
      });
    }
    ranges.push(valued);
  }
  // A separate range: `NULLS LAST` is the index's order in one direction only.
  if (sort.nullable) {
    const valueless = query.clone().andWhere(`${sort.column} IS NULL`).orderBy(id, direction);
    if (after?.value === null) {
      // For both tables, where `id` belongs to a joined one: Postgres does not derive one condition from the other, and
      // would read all rows before this position.
      for (const column of new Set([id, `${query.alias}.id`])) {
        valueless.andWhere(`${column} ${operator} :afterId`, { afterId: after.id });
      }
    }
    ranges.push(valueless);
  }
  const rows: Row[] = [];
  for (const range of ranges) {
    if (rows.length <= limit) rows.push(...(await range.limit(limit + 1 - rows.length).getMany()));
  }
  const page = rows.slice(0, limit);
  const last = rows.length > limit ? page.at(-1) : undefined;
  return { rows: page, next: last ? { value: sort.valueOf(last), id: last.id } : null };
}

/** The number of rows on all pages. */
export async function countRows(query: SelectQueryBuilder<ObjectLiteral>): Promise<number> {
  const counted = await query
    .clone()
    .select('CAST(count(*) AS integer)', 'total')
    .orderBy()
    .getRawOne<{ total: number }>();
  return counted?.total ?? 0;
}

/**
 * SQL: whether a key (`email_key`, `username_key`, `lower(name)` of a role) begins with a text, by an index range.
 * A range and not LIKE: `%`, `_` and `\` mean nothing in it, and it is as fast in a prepared statement.
 * @param key SQL of collation "C"
 * @param text SQL of the prefix, in the key's own form: the parameter `textKey(q)` for an email or a username
 */
export function keyStartsWith(key: string, text: string): string {
  // U+10FFFF is the last character there is, so every continuation of the prefix sorts before it.
  return `(${key} >= ${text} COLLATE "C" AND ${key} < (${text} || U&'\\+10FFFF') COLLATE "C")`;
}
