import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { auditContextOf, type RequestAudit } from '#libs/audit/audit-context.js';
import { LANGUAGES, type Language } from '../mail/mail-kinds.js';
import { textsFor } from '../oauth/pages/texts/languages.js';

/** Who asks for a mail, and in which language. */
export interface Requester {
  audit: RequestAudit;
  /** Of the request (`Accept-Language`). */
  language: Language;
}

export function requesterOf(request: FastifyRequest): Requester {
  const { language } = textsFor(undefined, request.headers['accept-language']);
  return {
    audit: auditContextOf(request),
    language: LANGUAGES.find((known) => known === language) ?? LANGUAGES[0],
  };
}

/** Injects the `Requester` into a handler's parameter. */
export const CurrentRequester = createParamDecorator(
  (_: unknown, context: ExecutionContext): Requester =>
    requesterOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
