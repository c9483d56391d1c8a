import type { FastifyPluginCallback, FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { FORBIDDEN, hasAnyPermission, type Refusal, refusalOf } from '../http/refusal.js';
import type { Principal } from '../principal.js';
import { TokenError } from '../token-error.js';
import type { Verifier } from '../token-verifier.js';

export type { Principal } from '../principal.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on routes that need a token. */
    caller?: Principal;
  }
  interface FastifyContextConfig {
    /** The route needs no token. */
    public?: boolean;
  }
}

export interface VerifyPluginOptions {
  /** It is closed when the server closes. */
  readonly verifier: Verifier;
}

const plugin: FastifyPluginCallback<VerifyPluginOptions> = (app, { verifier }, done) => {
  app.decorateRequest('caller', undefined);
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404 || request.routeOptions.config.public === true) return;
    try {
      request.caller = await verifier.authenticate(request.raw);
    } catch (error) {
      throw error instanceof TokenError ? refuse(reply, refusalOf(error)) : error;
    }
  });
  app.addHook('onClose', () => verifier.close());
  done();
};

/**
 * Every route of the server then needs a valid token, except those with `config: { public: true }`: register it before the
 * routes. `request.caller` is the caller.
 */
export const verifyPlugin: FastifyPluginCallback<VerifyPluginOptions> = Object.assign(plugin, {
  // What fastify-plugin sets: the hooks apply to the server that registers the plugin, not only to the plugin's own scope.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@twinkey/verify',
  [Symbol.for('plugin-meta')]: { name: '@twinkey/verify', fastify: '5.x' },
});

/** An `onRequest` hook of a route, for callers who have at least one of these permissions, or `*`: else 403. */
export function requirePermission(...permissions: [string, ...string[]]): onRequestAsyncHookHandler {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { caller } = request;
    if (!caller) throw new Error('requirePermission() on a route that has no caller.');
    if (!hasAnyPermission(caller, permissions)) throw refuse(reply, FORBIDDEN);
  };
}

/** Fastify's error handler answers with the status; an application's own handler also sees the code. */
function refuse(reply: FastifyReply, { status, message, code, headers }: Refusal): Error {
  reply.headers(headers);
  return Object.assign(new Error(message), { statusCode: status, code });
}
