import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AuthModuleOptions, PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import passport from 'passport';
import { type SecretOrKeyProvider, Strategy } from 'passport-jwt';
import { bearerToken } from '#libs/verify/src/http/bearer.js';
import { TrustedIssuers } from '#libs/verify/src/issuers/trusted-issuers.js';
import type { VerifiedToken } from '#libs/verify/src/principal.js';
import { acceptClaims } from '#libs/verify/src/token/claims.js';
import { parseUnverifiedToken, type UnverifiedToken } from '#libs/verify/src/token/unverified-token.js';
import { VerifiedTokenCache } from '#libs/verify/src/verified-token-cache.js';

/**
 * Verifies a token in this order:
 * 1. It is read from the Authorization header.
 * 2. Its form and header are checked, its issuer is found, and that issuer's key.
 * 3. passport-jwt verifies the signature. It does so synchronously, without the thread pool that bcrypt may occupy.
 * 4. Its claims are checked, and it is cached.
 *
 * All but the third step are libs/verify, as in every other service.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') implements OnApplicationShutdown {
  private readonly unverifiedTokens: WeakMap<FastifyRequest, UnverifiedToken>;
  private readonly ownName: string;

  constructor(
    issuers: TrustedIssuers,
    private readonly cache: VerifiedTokenCache,
    options: AuthModuleOptions,
  ) {
    const unverifiedTokens = new WeakMap<FastifyRequest, UnverifiedToken>();
    super({
      jwtFromRequest: ({ raw }: FastifyRequest) => bearerToken(raw),
      secretOrKeyProvider: keyProvider(issuers, unverifiedTokens),
      algorithms: ['RS256'],
      // `claims.ts` checks the times: jsonwebtoken accepts a token without `exp`, and gives `nbf` no leeway.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true },
      passReqToCallback: true,
    });
    this.unverifiedTokens = unverifiedTokens;
    // passport has one table of strategies per process, where the 'jwt' of a second app (`twinkey run all`) replaces
    // the first one. So this strategy is also registered under a name that no other app has.
    this.ownName = options.defaultStrategy as string;
    passport.use(this.ownName, this);
  }

  /** Called once the signature is verified. Uses our own decoded claims, not those that jsonwebtoken has decoded. */
  validate(request: FastifyRequest): VerifiedToken {
    const unverified = this.unverifiedTokens.get(request) as UnverifiedToken;
    const token = acceptClaims(unverified, Date.now() / 1_000);
    this.cache.set(unverified, token);
    return token;
  }

  /** Not earlier: requests that are in progress need the strategy until the listener has closed. */
  onApplicationShutdown(): void {
    passport.unuse(this.ownName);
  }
}

function keyProvider(
  issuers: TrustedIssuers,
  unverifiedTokens: WeakMap<FastifyRequest, UnverifiedToken>,
): SecretOrKeyProvider<FastifyRequest> {
  return (request, raw: string, done) => {
    parseUnverifiedToken(raw, issuers)
      .then((unverified) => {
        unverifiedTokens.set(request, unverified);
        // The types allow only PEM, which jsonwebtoken would parse again for each token.
        done(null, unverified.key as unknown as Buffer);
      })
      .catch(done);
  };
}
