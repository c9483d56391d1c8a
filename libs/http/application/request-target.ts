import type { IncomingMessage } from 'node:http';

/**
 * The path and query of any form that a request target has (RFC 9112, section 3.2): the router knows no other than the
 * origin-form, and answers without our hooks. `*`, and what is no http URL, become paths that do not exist.
 */
export function toOriginForm({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  if (url.startsWith('/')) return url;
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}
