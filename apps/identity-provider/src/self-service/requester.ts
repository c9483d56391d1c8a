import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { auditContextOf, type RequestAudit } from '#libs/audit/audit-context.js';
import { type Language, preferredLanguage } from '../languages.js';

/** Who asks for a mail, and in which language. */
export interface Requester {
  audit: RequestAudit;
  /** Of the request (`Accept-Language`). */
  language: Language;
}

export const requesterOf = (request: FastifyRequest): Requester => ({
  audit: auditContextOf(request),
  language: preferredLanguage(request.headers['accept-language']),
});

/** Injects the `Requester` into a handler's parameter. */
export const CurrentRequester = createParamDecorator(
  (_: unknown, context: ExecutionContext): Requester =>
    requesterOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
