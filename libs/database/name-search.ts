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

/**
 * SQL: whether a key (`email_key`, `username_key`, `lower(name)` of a role) begins with a text, by an index range.
 * It is a range and not LIKE, so that `%`, `_` and `\` need no escaping and prepared statements use the index.
 * @param key SQL of collation "C"
 * @param text SQL of the prefix, in the key's own form: the parameter `textKey(q)` for an email or a username
 */
export function keyStartsWith(key: string, text: string): string {
  // U+10FFFF is the last character of Unicode: every text with the prefix sorts before it.
  return `(${key} >= ${text} COLLATE "C" AND ${key} < (${text} || U&'\\+10FFFF') COLLATE "C")`;
}

const keyOf = (text: string) => `left(lower(normalize(${text})), 600)`;

const fullName = (table: string) =>
  `(${keyOf(`coalesce(${table}.first_name || ' ', '') || coalesce(${table}.last_name, '')`)} COLLATE "C")`;

const lastName = (table: string) => `(${keyOf(`${table}.last_name`)} COLLATE "C")`;
