import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bearerToken } from '#libs/verify/src/http/bearer.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { sendPlainJson } from '../plain-json.js';
import { USERINFO } from '../provider/provider-settings.js';
import { CLAIMS, personClaims } from '../scopes.js';
import { AccessTokenReader } from '../tokens/access-token-reader.js';
import { TokenSubjects } from '../tokens/token-subjects.js';

/**
 * `/oauth/userinfo` (OpenID Connect Core 1.0, section 5.3). Not oidc-provider's own, which refuses tokens that have an
 * audience.
 */
export function addUserinfoRoutes(app: NestFastifyApplication, fastify: FastifyInstance): void {
  const reader = app.get(AccessTokenReader, { strict: false });
  const subjects = app.get(TokenSubjects, { strict: false });

  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const raw = tokenOf(request);
    if (raw === null) return refuse(reply, 401, 'Bearer', 'invalid_token', 'an access token is required');
    const token = raw === undefined ? null : await reader.find(raw);
    const person =
      token?.kind === 'person' && token.sessionId !== null
        ? await subjects.findPerson(token.sessionId, token.subject)
        : null;
    if (!token || !person) {
      return refuse(
        reply,
        401,
        'Bearer error="invalid_token"',
        'invalid_token',
        'the access token is not valid',
      );
    }
    const scopes = token.scope?.split(' ') ?? [];
    if (!scopes.includes('openid')) {
      const challenge = 'Bearer error="insufficient_scope", scope="openid"';
      return refuse(reply, 403, challenge, 'insufficient_scope', 'the access token lacks the scope openid');
    }
    const allowed = new Set(scopes.flatMap((scope) => CLAIMS[scope] ?? []));
    const claims = Object.entries(personClaims(person)).filter(([name]) => allowed.has(name));
    return sendPlainJson(reply, { sub: token.subject, ...Object.fromEntries(claims) });
  };

  fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // A token in a body is not read (contract, section 6): the body is skipped.
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, _body, done) => done(null));
    scope.route({ method: ['GET', 'POST'], url: USERINFO, handler });
  });
}

/** @returns null without credentials, undefined for malformed ones */
function tokenOf(request: FastifyRequest): string | null | undefined {
  try {
    return bearerToken(request.raw);
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}

/** RFC 6750, section 3. */
function refuse(reply: FastifyReply, status: number, challenge: string, error: string, description: string) {
  reply.code(status).header('www-authenticate', challenge);
  return sendPlainJson(reply, { error, error_description: description });
}
