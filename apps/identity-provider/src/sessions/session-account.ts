import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { AccountStatus } from '#libs/database/identity/account.entity.js';
import { AUTHORITY_STATE } from '../authority/rights.service.js';

/** A native caller's current account and session, and the version of the authority: read in one query. */
export interface SessionAccount {
  id: string;
  sessionId: string;
  email: string;
  emailVerified: boolean;
  firstName: string | null;
  lastName: string | null;
  status: AccountStatus;
  roleId: string;
  createdAt: Date;
  updatedAt: Date;
  /** `AUTHORITY_STATE`: compare it for equality only. */
  authorityVersion: string;
  /** How the user signed in (`AuthenticationMethod`), and when. */
  amr: string[];
  authenticatedAt: Date;
}

/** SQL: the columns of a `SessionAccount`, from the account `a` and the session `s`. */
export const ACCOUNT_COLUMNS = `a.id, s.id AS "sessionId", a.email,
  a.email_verified AS "emailVerified", a.first_name AS "firstName", a.last_name AS "lastName",
  a.status, a.role_id AS "roleId", a.created_at AS "createdAt", a.updated_at AS "updatedAt",
  (SELECT ${AUTHORITY_STATE} FROM identity.authority) AS "authorityVersion",
  s.amr, coalesce(s.authenticated_at, s.created_at) AS "authenticatedAt"`;

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller's account, if the token is a native one. */
    account?: SessionAccount;
  }
}

/** The caller's own account; null for a Keycloak caller, which `@NativeOnly()` excludes. */
export const CallerAccount = createParamDecorator(
  (_: unknown, context: ExecutionContext): SessionAccount | null =>
    context.switchToHttp().getRequest<FastifyRequest>().account ?? null,
);
