import { type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { VerifiedToken } from '#libs/verify/src/principal.js';
import { TokenError } from '#libs/verify/src/token-error.js';

/** Passport's guard with our errors. It runs the module's default strategy, which is `JwtStrategy`. */
@Injectable()
export class BearerGuard extends AuthGuard() {
  /**
   * Verifies the request's token completely.
   * @throws TokenError `keys_unavailable` where the issuer's keys are not available, another code where it is refused
   */
  async verify(context: ExecutionContext): Promise<VerifiedToken> {
    await this.canActivate(context);
    return context.switchToHttp().getRequest<{ user: VerifiedToken }>().user;
  }

  /** @param info why passport-jwt failed: our own error before the signature is verified, jsonwebtoken's afterwards */
  override handleRequest<T>(error: unknown, token: T | false | null, info: unknown): T {
    if (token) return token;
    const reason = error ?? info;
    if (reason instanceof TokenError) throw reason;
    if (reason instanceof Error && reason.name === 'JsonWebTokenError') {
      throw new TokenError('signature', reason.message);
    }
    throw reason;
  }
}
