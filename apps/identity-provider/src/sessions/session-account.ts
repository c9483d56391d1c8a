import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AccountStatus } from '#libs/database/identity/account.entity.js';

/** What one query tells of a native caller: his account as it is now, and whether remembered rights still hold. */
export interface SessionAccount {
  id: string;
  sessionId: string;
  email: string;
  firstName: string | null;
  lastName: string | null;
  status: AccountStatus;
  roleId: string;
  createdAt: Date;
  updatedAt: Date;
  /** As `AUTHORITY_STATE` spells it: to be compared for equality alone. */
  authorityVersion: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's account, where his token is a native one. */
    account?: SessionAccount;
  }
}

/** The caller's own account; null for a Keycloak caller, whom `@NativeOnly()` keeps out. */
export const CallerAccount = createParamDecorator(
  (_: unknown, context: ExecutionContext): SessionAccount | null =>
    context.switchToHttp().getRequest<FastifyRequest>().account ?? null,
);
