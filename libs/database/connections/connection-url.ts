/**
 * Makes the URL for pg. Every `sslmode` except `disable` and `no-verify` verifies the server's certificate and host name,
 * also `prefer` and `require`; `verify-ca` with a CA of its own does not verify the host name, as in libpq. pg does the
 * same, except for `verify-ca`, and prints a long warning for each mode whose meaning will change.
 * Only the query is rewritten.
 */
export function connectionUrl(url: string): string {
  const start = url.indexOf('?');
  if (start < 0) return url;
  const parameters = new URLSearchParams(url.slice(start + 1));
  // The URL chooses the meaning itself.
  if (parameters.has('uselibpqcompat')) return url;

  const mode = parameters.getAll('sslmode').at(-1);
  // libpq's name for the system's certificate authorities. Node trusts those without a file.
  const wantsSystemAuthorities = parameters.getAll('sslrootcert').at(-1) === 'system';
  if (wantsSystemAuthorities) parameters.delete('sslrootcert');
  if (mode === 'verify-ca' && parameters.has('sslrootcert')) parameters.set('uselibpqcompat', 'true');
  else if (wantsSystemAuthorities || ['prefer', 'require', 'verify-ca'].includes(mode ?? '')) {
    parameters.set('sslmode', 'verify-full');
  } else return url;
  return `${url.slice(0, start)}?${parameters}`;
}
