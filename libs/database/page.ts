import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';

/** A column that a list may be sorted by. */
export interface SortColumn<Row> {
  /** As the query builder names it: `account.createdAt`. From code alone, never a client's text. */
  column: string;
  /** Rows without a value come last, in either direction. */
  nullable?: boolean;
  /** The column that breaks ties, where that is not the `id` of the query's main table. */
  id?: string;
  /** The row's value as a cursor keeps it. */
  valueOf(row: Row): string | null;
}

/** The place in a sorted list after which a page begins. */
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
  /** Null where this page is the last. */
  next: PagePosition | null;
}

/**
 * A page of a list, found by the last row of the page before (a keyset) and not by counting rows: with an index on
 * (column, id) it costs the same at any depth. Joins must be to one row each.
 * @param query what is listed, filtered, without an order
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
  // A range of its own: `NULLS LAST` is the index's order in one direction alone.
  if (sort.nullable) {
    const valueless = query.clone().andWhere(`${sort.column} IS NULL`).orderBy(id, direction);
    if (after?.value === null) {
      // Of both tables, where the tie-breaker is a joined one's: Postgres does not conclude the one from the other,
      // and would read its way from the beginning to that place.
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

/** How many rows the list has on all its pages. */
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
