import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { malformed } from '../replies/api-error.js';
import { errorForStatus } from '../replies/error-translation.js';
import { BODY_LIMIT } from './json-body.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route accepts forms (`@AcceptsForm()`). */
    acceptsForm?: boolean;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses `application/x-www-form-urlencoded` bodies into `URLSearchParams`, for routes with `@AcceptsForm()` only. Other
 * routes answer 415: a page of another site could send a form without a preflight request.
 */
export function addFormParser(fastify: FastifyInstance): void {
  fastify.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'buffer', bodyLimit: BODY_LIMIT },
    (request, body: Buffer, done) => {
      if (!request.routeOptions.config?.acceptsForm) return done(errorForStatus(415));
      try {
        done(null, new URLSearchParams(utf8.decode(body)));
      } catch {
        done(malformed());
      }
    },
  );
}

/** The handler's body is a form. It is `URLSearchParams` there, and declared as `unknown`, since a client may send JSON. */
export const AcceptsForm = (): MethodDecorator => RouteConfig({ acceptsForm: true });
