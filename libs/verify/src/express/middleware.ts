import type { IncomingMessage, ServerResponse } from 'node:http';
import { FORBIDDEN, hasAnyPermission, type Refusal, refusalOf } from '../http/refusal.js';
import type { Principal } from '../principal.js';
import { TokenError } from '../token-error.js';
import type { Verifier } from '../token-verifier.js';

export type { Principal } from '../principal.js';

declare global {
  // Express's own way to add a member to its request (@types/express-serve-static-core).
  namespace Express {
    interface Request {
      /** Set by `requireToken`. */
      caller?: Principal;
    }
  }
}

type Request = IncomingMessage & { caller?: Principal };

/** A middleware of Express, and of everything else that calls one in the same way. */
export type Middleware = (
  request: Request,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** All routes after it need a valid token: else 401, or 503 where the issuer's keys are not available. */
export function requireToken(verifier: Verifier): Middleware {
  return (request, response, next) => {
    verifier.authenticate(request).then(
      (caller) => {
        request.caller = caller;
        next();
      },
      (error) => (error instanceof TokenError ? refuse(response, refusalOf(error)) : next(error)),
    );
  };
}

/** After `requireToken`, for callers who have at least one of these permissions, or `*`: else 403. */
export function requirePermission(...permissions: [string, ...string[]]): Middleware {
  return ({ caller }, response, next) => {
    if (!caller) next(new Error('requirePermission() before requireToken().'));
    else if (hasAnyPermission(caller, permissions)) next();
    else refuse(response, FORBIDDEN);
  };
}

/** Answers itself: Express's own error handler would drop the headers, and print a stack in development. */
function refuse(response: ServerResponse, { status, message, code, headers }: Refusal): void {
  response.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ error: code, message }));
}
