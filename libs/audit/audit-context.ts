import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type {} from '#libs/auth/access.js';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { type Principal, principalOf, type VerifiedToken } from '#libs/verify/src/principal.js';

export interface AuditActor {
  issuer: IssuerId;
  sub: string;
  /** The username or email at the time of the event. */
  name: string | null;
}

/** Who caused an event, and from where. */
export interface AuditContext {
  /** Null before a sign-in, and for commands. */
  readonly actor: AuditActor | null;
  readonly clientId: string | null;
  readonly sessionId: string | null;
  /** The normalized address of the client. */
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** The context of a request. */
export interface RequestAudit extends AuditContext {
  readonly address: string;
  readonly requestId: string;
}

/** Enough for every browser; the rest of a longer one is cut off. */
const MAX_USER_AGENT = 512;

/** @param token the verified token of the caller; undefined on a public route */
export function auditContextOf(
  request: FastifyRequest,
  token: VerifiedToken | undefined = request.verifiedToken,
): RequestAudit {
  // The caller is resolved after the token is verified, and has newer names.
  const caller = request.caller ?? (token && principalOf(token));
  return {
    actor: caller ? actorOf(caller) : null,
    clientId: token?.clientId ?? null,
    sessionId: token?.sessionId ?? null,
    address: request.ip,
    userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT) || null,
    requestId: request.id,
  };
}

/** Injects the `RequestAudit` of the request into a handler's parameter. */
export const Audit = createParamDecorator(
  (_: unknown, context: ExecutionContext): RequestAudit =>
    auditContextOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** For changes that no request caused: commands, and what the application does by itself. */
export const NO_REQUEST: AuditContext = {
  actor: null,
  clientId: null,
  sessionId: null,
  address: null,
  userAgent: null,
  requestId: null,
};

export const actorOf = ({ issuer, sub, username, email }: Principal): AuditActor => ({
  issuer,
  sub,
  name: username ?? email,
});
