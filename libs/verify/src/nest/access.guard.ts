import type { IncomingMessage } from 'node:http';
import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  Logger,
} from '@nestjs/common';
import { FORBIDDEN, hasAnyPermission, type Refusal, refusalOf } from '../http/refusal.js';
import type { Principal } from '../principal.js';
import { TokenError } from '../token-error.js';
import type { Verifier } from '../token-verifier.js';
import { type Access, accessOf } from './access.js';

/** The provider of the application's verifier. */
export const VERIFIER = Symbol('@twinkey/verify');

/** Fastify's request contains Node's in `raw`; Express's is Node's. */
type GuardedRequest = (IncomingMessage | { raw: IncomingMessage }) & { caller?: Principal };

/**
 * Checks every request to every handler:
 * 1. A handler that does not declare its access is refused: 403.
 * 2. A public handler needs no token.
 * 3. The token is verified: else 401, or 503 where the issuer's keys are not available.
 * 4. Where the handler requires it, the caller must be native and have one of its permissions: else 403.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly logger = new Logger(AccessGuard.name);

  constructor(@Inject(VERIFIER) private readonly verifier: Verifier) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessOf(context.getHandler());
    if (access === undefined) throw this.undeclared(context);
    if (access.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const caller = await this.callerOf(context, request);
    if (!permits(access, caller)) throw refuse(context, FORBIDDEN);
    request.caller = caller;
    return true;
  }

  private async callerOf(context: ExecutionContext, request: GuardedRequest): Promise<Principal> {
    try {
      return await this.verifier.authenticate('raw' in request ? request.raw : request);
    } catch (error) {
      throw error instanceof TokenError ? refuse(context, refusalOf(error)) : error;
    }
  }

  private undeclared(context: ExecutionContext): Error {
    this.logger.error(`${context.getClass().name}.${context.getHandler().name} declares no access.`);
    return refuse(context, FORBIDDEN);
  }
}

const permits = ({ permissions, nativeOnly }: Access & { kind: 'token' }, caller: Principal): boolean =>
  (!nativeOnly || caller.issuer_kind === 'native') &&
  (permissions.length === 0 || hasAnyPermission(caller, permissions));

function refuse(context: ExecutionContext, { status, message, code, headers }: Refusal): HttpException {
  // Both Express and Fastify have this method.
  const response = context.switchToHttp().getResponse<{ header(name: string, value: string): unknown }>();
  for (const [name, value] of Object.entries(headers)) response.header(name, value);
  return new HttpException({ statusCode: status, error: code, message }, status);
}
