/**
 * The URL that pg is given. Every `sslmode` but `disable` and `no-verify` verifies the server's certificate and its
 * host name, `prefer` and `require` included; `verify-ca` with a CA of its own leaves the host name out, as in libpq.
 * pg does the same, but `verify-ca`, and prints a warning of ten lines for each mode whose meaning will change.
 * Only the query is rewritten, so that nothing else of the URL changes.
 */
export function connectionUrl(url: string): string {
  const start = url.indexOf('?');
  if (start < 0) return url;
  const parameters = new URLSearchParams(url.slice(start + 1));
  // The URL says itself which meaning it wants.
  if (parameters.has('uselibpqcompat')) return url;

  const mode = parameters.getAll('sslmode').at(-1);
  // libpq's name for the authorities that the system trusts; Node trusts those without any file.
  const wantsSystemAuthorities = parameters.getAll('sslrootcert').at(-1) === 'system';
  if (wantsSystemAuthorities) parameters.delete('sslrootcert');
  if (mode === 'verify-ca' && parameters.has('sslrootcert')) parameters.set('uselibpqcompat', 'true');
  else if (wantsSystemAuthorities || ['prefer', 'require', 'verify-ca'].includes(mode ?? '')) {
    parameters.set('sslmode', 'verify-full');
  } else return url;
  return `${url.slice(0, start)}?${parameters}`;
}
