/**
 * Splits a Postgres URL with several hosts (`postgres://user:password@a:5432,b:5432/database`), as libpq knows it, into one
 * URL for each host. A URL with one host is returned as it is.
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS
 */
export function postgresHostUrls(url: string): string[] {
  const [, scheme = '', authority = '', rest = ''] = /^(\w+:\/\/)([^/?#]*)(.*)$/s.exec(url) ?? [];
  // A password may contain commas.
  const start = authority.lastIndexOf('@') + 1;
  const hosts = authority.slice(start).split(',');
  return hosts.length > 1 ? hosts.map((host) => scheme + authority.slice(0, start) + host + rest) : [url];
}
