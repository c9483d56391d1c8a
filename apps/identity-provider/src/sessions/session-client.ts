import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

/** In characters: the length of the column. */
const MAX_USER_AGENT = 512;

/** Where a sign-in comes from, for the lists of sessions. */
export interface SessionClient {
  /** The normalized client address. */
  address: string;
  /** The `User-Agent` header, cut to `MAX_USER_AGENT` characters; null without one. */
  userAgent: string | null;
}

export const sessionClientOf = ({ ip, headers }: FastifyRequest): SessionClient => ({
  address: ip,
  userAgent: headers['user-agent']?.slice(0, MAX_USER_AGENT) || null,
});

/** Injects the client of the request. */
export const Client = createParamDecorator(
  (_: unknown, context: ExecutionContext): SessionClient =>
    sessionClientOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
