/**
 * SQL for `?q=` on a person's name: whether the full name (first, then last) or the last name begins with a text,
 * without regard to case. The expressions are those of the indexes `…_full_name_search_idx` and
 * `…_last_name_search_idx`; Postgres uses these only where a query repeats them word for word. They keep so much of a
 * name that every entry fits into an index's page (2,704 bytes), however Unicode's normalization lengthens it.
 * @param table the alias of a table with `first_name` and `last_name`
 * @param parameter the text as the client sent it: `$1`, `:q`
 */
export function nameStartsWith(table: string, parameter: string): string {
  const text = keyOf(`CAST(${parameter} AS text)`);
  return `(${keyStartsWith(fullName(table), text)} OR ${keyStartsWith(lastName(table), text)})`;
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

const keyOf = (text: string) => `left(lower(normalize(${text})), 600)`;

const fullName = (table: string) =>
  `(${keyOf(`coalesce(${table}.first_name || ' ', '') || coalesce(${table}.last_name, '')`)} COLLATE "C")`;

const lastName = (table: string) => `(${keyOf(`${table}.last_name`)} COLLATE "C")`;
