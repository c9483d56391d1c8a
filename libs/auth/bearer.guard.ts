import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { ApiError } from '#libs/http/replies/api-error.js';
import type { VerifiedToken } from './principal.js';
import { TokenRejected } from './token-rejected.js';

/** Passport's guard with our errors. It runs the module's default strategy, which is `JwtStrategy`. */
@Injectable()
export class BearerGuard extends AuthGuard() {
  /**
   * Verifies the request's token completely.
   * @throws TokenRejected
   * @throws ApiError 503 where the issuer's keys are not available
   */
  async verify(context: ExecutionContext): Promise<VerifiedToken> {
    await this.canActivate(context);
    return context.switchToHttp().getRequest<{ user: VerifiedToken }>().user;
  }

  /** @param info why passport-jwt failed: our own error before the signature is verified, jsonwebtoken's afterwards */
  override handleRequest<T>(error: unknown, token: T | false | null, info: unknown): T {
    if (token) return token;
    const reason = error ?? info;
    if (reason instanceof TokenRejected || reason instanceof ApiError) throw reason;
    if (reason instanceof Error && reason.name === 'JsonWebTokenError') {
      throw new TokenRejected('signature', reason.message);
    }
    throw reason;
  }
}
