import { type CanActivate, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { forbidden, unauthorized, unavailable } from '#libs/http/replies/api-error.js';
import { bearerToken } from '#libs/verify/src/http/bearer.js';
import { hasAnyPermission } from '#libs/verify/src/http/refusal.js';
import { accessOf } from '#libs/verify/src/nest/access.js';
import type { Principal } from '#libs/verify/src/principal.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { VerifiedTokenCache } from '#libs/verify/src/verified-token-cache.js';
import { BearerGuard } from './bearer.guard.js';
import { CallerResolver } from './caller-resolver.js';
import { rejectedTokens } from './observed-issuers.js';
import { acceptsServiceToken, ServiceToken } from './service-token.js';

/**
 * Checks every request to every handler, in this order:
 * 1. A route that does not declare its access is refused.
 * 2. A public route needs no token.
 * 3. Where the route accepts the service token, nothing else is needed.
 * 4. The token is verified, or found in the cache: else 401.
 * 5. The caller is resolved: 401 where their session or account has ended.
 * 6. Where the route requires it, the caller must be native and have one of its permissions: else 403.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly logger = new Logger(AccessGuard.name);

  constructor(
    private readonly cache: VerifiedTokenCache,
    private readonly bearer: BearerGuard,
    private readonly resolver: CallerResolver,
    private readonly service: ServiceToken,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessOf(context.getHandler());
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (access === undefined) throw this.undeclared(context, request);
    if (access.kind === 'public') return true;
    if (acceptsServiceToken(context.getHandler()) && this.isService(request)) return true;
    const caller = await this.requireCaller(context, request, access.permissions);
    request.caller = caller;
    request.principalName = `${caller.issuer}:${caller.sub}`;
    const isNativeAccount = caller.issuer_kind === 'native' && caller.kind === 'person';
    if (access.nativeOnly && !isNativeAccount) {
      throw forbidden('native_account_required', 'Only native accounts can do this.');
    }
    const { permissions } = access;
    if (permissions.length > 0 && !hasAnyPermission(caller, permissions)) throw forbidden();
    return true;
  }

  private isService(request: FastifyRequest): boolean {
    if (!this.service.isSet) return false;
    const raw = bearerTokenOrNull(request);
    return raw !== null && this.service.matches(raw);
  }

  private async requireCaller(
    context: ExecutionContext,
    request: FastifyRequest,
    permissions: readonly string[],
  ): Promise<Principal> {
    try {
      const raw = bearerToken(request.raw);
      if (raw === null) throw unauthorized('absent');
      const token = this.cache.get(raw) ?? (await this.bearer.verify(context));
      request.verifiedToken = token;
      return await this.resolver.resolve(token, request, permissions);
    } catch (error) {
      throw error instanceof TokenError ? this.refusal(error, request) : error;
    }
  }

  /** 401, or 503 where the keys are not available. Only the log and the metric have the reason of a 401. */
  private refusal({ code, status, detail, retryAfterSeconds }: TokenError, request: FastifyRequest): Error {
    if (status === 503) return unavailable(retryAfterSeconds ?? 1, code);
    rejectedTokens.inc({ reason: code });
    this.logger.warn({ msg: 'token rejected', request_id: request.id, reason: code, detail });
    return unauthorized('bad');
  }

  private undeclared(context: ExecutionContext, request: FastifyRequest): Error {
    const route = `${context.getClass().name}.${context.getHandler().name}`;
    this.logger.error({ msg: 'route declares no access', request_id: request.id, route });
    return forbidden();
  }
}

/** Null also where the credentials are malformed: `requireCaller` refuses them. */
function bearerTokenOrNull(request: FastifyRequest): string | null {
  try {
    return bearerToken(request.raw);
  } catch {
    return null;
  }
}
