import type { FastifyInstance, FastifyRequest } from 'fastify';
import { errorForStatus } from '#libs/http/replies/error-translation.js';

const MAX_FORM_BYTES = 16 * 1024;

/** Registers routes whose only bodies are forms (`application/x-www-form-urlencoded`), read by `formOf` or `ownFormOf`. */
export function registerFormRoutes(
  fastify: FastifyInstance,
  addRoutes: (scope: FastifyInstance) => void,
  bodyLimit = MAX_FORM_BYTES,
): void {
  fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit },
      (_request, body, done) => done(null, new URLSearchParams(body as string)),
    );
    addRoutes(scope);
  });
}

/** The fields of a form: none where no body was sent. */
export const formOf = ({ body }: FastifyRequest): URLSearchParams =>
  body instanceof URLSearchParams ? body : new URLSearchParams();

/** @returns null for a GET @throws an error for 400 if another site has posted the form */
export function ownFormOf(request: FastifyRequest): URLSearchParams | null {
  if (request.method !== 'POST') return null;
  requireOwnForm(request);
  return formOf(request);
}

/** @throws an error for 400 if another site has posted the form */
export function requireOwnForm(request: FastifyRequest): void {
  if (!isOwnForm(request)) throw errorForStatus(400);
}

/** Browsers say where a form was posted from (Fetch Metadata). Cookies are `SameSite=Lax` besides. */
function isOwnForm({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}
