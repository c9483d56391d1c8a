import type { IncomingMessage } from 'node:http';

/**
 * Converts any request target (RFC 9112, section 3.2) to origin-form: Fastify's router knows no other form, and responds
 * to others without running hooks. `*` and URLs that are not HTTP become paths that do not exist.
 */
export function toOriginForm({ url = '/' }: Pick<IncomingMessage, 'url'>): string {
  if (url.startsWith('/')) return url;
  const path = url.replace(/^https?:\/\/[^/?#]*/i, '');
  return path.startsWith('/') ? path : `/${path}`;
}
