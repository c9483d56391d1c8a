import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import '#libs/auth/access.js';
import type { Principal } from '#libs/auth/principal.js';
import type { IssuerId } from '#libs/core/issuer-id.js';

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

/** @param caller the request's caller, where the request does not have it yet */
export function auditContextOf(
  request: FastifyRequest,
  caller: Principal | null = request.caller ?? null,
): RequestAudit {
  return {
    actor: caller && actorOf(caller),
    clientId: caller?.token.clientId ?? null,
    sessionId: caller?.token.sessionId ?? null,
    address: request.ip,
    userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null,
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
