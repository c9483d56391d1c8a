import type { FastifyInstance } from 'fastify';
import { malformed } from '../replies/api-error.js';
import { errorForStatus } from '../replies/error-translation.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** It announces JSON and brings nothing, which is not JSON. */
    isEmptyJson: boolean;
  }
}

/** Bodies over this are 413. */
export const BODY_LIMIT = 100 * 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/**
 * JSON in UTF-8 (RFC 8259, section 8.1) is the only body that is read: other types, charsets and encodings
 * are 415, bytes that are not UTF-8 and keys that would reach a prototype are 400.
 */
export function addJsonParser(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error');
  fastify.decorateRequest('isEmptyJson', false);
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_LIMIT },
    (request, body: Buffer, done) => {
      const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1];
      if (charset && !/^utf-?8$/i.test(charset)) return done(errorForStatus(415));
      // Clients that always name a content type send it without a body too: an error where one is read (`InputGuard`).
      if (body.length === 0) {
        request.isEmptyJson = true;
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
