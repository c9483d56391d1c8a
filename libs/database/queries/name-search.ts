import { keyStartsWith } from './page.js';

/**
 * SQL for `?q=` on names: whether the full name (first, then last) or the last name begins with a text, case-insensitive.
 * The expressions are those of the indexes `…_full_name_search_idx` and `…_last_name_search_idx`; Postgres uses an index
 * only where the query has exactly its expression. Names are cut so that every entry fits into an index page (2,704
 * bytes), also where Unicode normalization makes them longer.
 * @param table the alias of a table with `first_name` and `last_name`
 * @param parameter the text as the client sent it: `$1`, `:q`
 */
export function nameStartsWith(table: string, parameter: string): string {
  const text = keyOf(`CAST(${parameter} AS text)`);
  return `(${keyStartsWith(fullName(table), text)} OR ${keyStartsWith(lastName(table), text)})`;
}

const keyOf = (text: string) => `left(lower(normalize(${text})), 600)`;

const fullName = (table: string) =>
  `(${keyOf(`coalesce(${table}.first_name || ' ', '') || coalesce(${table}.last_name, '')`)} COLLATE "C")`;

const lastName = (table: string) => `(${keyOf(`${table}.last_name`)} COLLATE "C")`;
