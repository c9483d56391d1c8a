const MAX_LENGTH = 2_048;
/** The names that oidc-provider compares without their port. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
/** Schemes that browsers run or that read local files. */
const FORBIDDEN = new Set([
  'javascript:',
  'data:',
  'vbscript:',
  'file:',
  'blob:',
  'about:',
  'view-source:',
  'ws:',
  'wss:',
  'ftp:',
  'mailto:',
]);

export const isHttps = (uri: string): boolean => URL.canParse(uri) && new URL(uri).protocol === 'https:';

/**
 * What is wrong with a redirect URI, or null: https anywhere, http on loopback only (RFC 8252, section 7.3), or a private
 * scheme with a dot (section 7.1); no fragment (RFC 6749, section 3.1.2), no user name, no wildcard, no white space.
 */
export function redirectUriFault(uri: string): string | null {
  if (uri.length > MAX_LENGTH) return `At most ${MAX_LENGTH} characters.`;
  if (/[\s\p{Cc}*\\]/u.test(uri)) return 'White space, control characters, "\\" and "*" are not allowed.';
  if (!URL.canParse(uri)) return 'This must be an absolute URI.';
  const { protocol, hostname, username, password, href } = new URL(uri);
  if (href.includes('#') || uri.includes('#')) return 'A fragment is not allowed.';
  if (username || password) return 'A user name is not allowed.';
  if (protocol === 'https:') return hostname ? null : 'A host is required.';
  if (protocol === 'http:')
    return LOOPBACK.has(hostname) ? null : 'http is only allowed for localhost, 127.0.0.1 and [::1].';
  if (FORBIDDEN.has(protocol) || !protocol.includes('.'))
    return 'Use https, http on loopback, or a private scheme with a dot, such as com.example.app:/callback.';
  return null;
}

/** oidc-provider compares loopback ports loosely only for native clients, which must not have https on loopback. */
export function mixesLoopbackSchemes(uris: readonly string[]): boolean {
  const isHttpsLoopback = (uri: string) => isHttps(uri) && LOOPBACK.has(new URL(uri).hostname);
  return uris.some(isHttpsLoopback) && !uris.every(isHttps);
}

/** The origin of an http(s) URI, for CORS. */
export function originOf(uri: string): string | null {
  if (!URL.canParse(uri)) return null;
  const { protocol, origin } = new URL(uri);
  return protocol === 'https:' || protocol === 'http:' ? origin : null;
}
