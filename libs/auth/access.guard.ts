import { type CanActivate, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { forbidden, unauthorized } from '#libs/http/replies/api-error.js';
import { accessOf } from './access.js';
import { rejectedTokens } from './auth-metrics.js';
import { BearerGuard } from './bearer.guard.js';
import { bearerToken } from './bearer.js';
import { CallerResolver } from './caller-resolver.js';
import { hasPermission } from './has-permission.js';
import type { Principal } from './principal.js';
import { printable, TokenRejected } from './token-rejected.js';
import { VerifiedTokenCache } from './verified-token-cache.js';

/**
 * Checks every request to every handler, in this order:
 * 1. A route that does not declare its access is refused.
 * 2. A public route needs no token.
 * 3. The token is verified, or found in the cache: else 401.
 * 4. The caller is resolved: 401 where their session or account has ended.
 * 5. Where the route requires it, the caller must be native and have one of its permissions: else 403.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly logger = new Logger(AccessGuard.name);

  constructor(
    private readonly cache: VerifiedTokenCache,
    private readonly bearer: BearerGuard,
    private readonly resolver: CallerResolver,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessOf(context.getHandler());
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (access === undefined) throw this.undeclared(context, request);
    if (access.kind === 'public') return true;
    const caller = await this.requireCaller(context, request, access.permissions);
    request.caller = caller;
    request.principalName = `${caller.issuer}:${caller.sub}`;
    const isNativeAccount = caller.issuerKind === 'native' && caller.kind === 'person';
    if (access.nativeOnly && !isNativeAccount) {
      throw forbidden('native_account_required', 'Only native accounts can do this.');
    }
    const { permissions } = access;
    if (permissions.length > 0 && !permissions.some((name) => hasPermission(caller.permissions, name))) {
      throw forbidden();
    }
    return true;
  }

  private async requireCaller(
    context: ExecutionContext,
    request: FastifyRequest,
    permissions: readonly string[],
  ): Promise<Principal> {
    try {
      const raw = bearerToken(request);
      if (raw === null) throw unauthorized('absent');
      const token = this.cache.get(raw) ?? (await this.bearer.verify(context));
      return await this.resolver.resolve(token, request, permissions);
    } catch (error) {
      throw error instanceof TokenRejected ? this.rejected(error, request) : error;
    }
  }

  /** Only the log and the metric have the reason. */
  private rejected({ reason, detail }: TokenRejected, request: FastifyRequest): Error {
    rejectedTokens.inc({ reason });
    this.logger.warn({
      msg: 'token rejected',
      request_id: request.id,
      reason,
      detail: detail === undefined ? undefined : printable(detail),
    });
    return unauthorized('bad');
  }

  private undeclared(context: ExecutionContext, request: FastifyRequest): Error {
    const route = `${context.getClass().name}.${context.getHandler().name}`;
    this.logger.error({ msg: 'route declares no access', request_id: request.id, route });
    return forbidden();
  }
}
