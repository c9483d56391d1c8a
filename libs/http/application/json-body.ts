import type { FastifyInstance } from 'fastify';
import { malformed } from '../replies/api-error.js';
import { errorForStatus } from '../replies/error-translation.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The content type is JSON, but the body is empty. */
    hasEmptyJsonBody: boolean;
  }
}

/** In bytes. Larger bodies get a 413. */
export const BODY_LIMIT = 100 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/**
 * Accepts only JSON in UTF-8 (RFC 8259, section 8.1). Other types, charsets and encodings get a 415; invalid UTF-8
 * and keys that could change a prototype get a 400.
 */
export function addJsonParser(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.decorateRequest('hasEmptyJsonBody', false);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_LIMIT },
    (request, body: Buffer, done) => {
      const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1];
      if (charset && !/^utf-?8$/i.test(charset)) return done(errorForStatus(415));
      // Some clients always send a content type, also without a body: `InputGuard` rejects it if the handler needs a body.
      if (body.length === 0) {
        request.hasEmptyJsonBody = true;
        return done(null, undefined);
      }
      let text: string;
      try {
        text = utf8.decode(body);
      } catch {
        return done(malformed());
      }
      return parse(request, text, (error, parsed) => (error ? done(malformed()) : done(null, parsed)));
    },
  );
  fastify.addHook('preParsing', (request, _reply, payload, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return done(errorForStatus(415));
    done(null, payload);
  });
}
