import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AuthModuleOptions, PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { type SecretOrKeyProvider, Strategy } from 'passport-jwt';
import { type BearerRequest, bearerToken } from './bearer.js';
import { acceptClaims } from './claims.js';
import type { VerifiedToken } from './principal.js';
import { TrustedIssuers } from './trusted-issuer.js';
import { parseUnverifiedToken, type UnverifiedToken } from './unverified-token.js';
import { VerifiedTokenCache } from './verified-token-cache.js';

/**
 * Verifies a token in this order:
 * 1. It is read from the Authorization header (`bearer.ts`).
 * 2. Its form and header are checked, its issuer is found, and that issuer's key (`unverified-token.ts`).
 * 3. passport-jwt verifies the signature. It does so synchronously, without the thread pool that bcrypt may occupy.
 * 4. Its claims are checked (`claims.ts`), and it is cached.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') implements OnApplicationShutdown {
  private readonly unverifiedTokens: WeakMap<BearerRequest, UnverifiedToken>;
  private readonly ownName: string;

  constructor(
    issuers: TrustedIssuers,
    private readonly cache: VerifiedTokenCache,
    options: AuthModuleOptions,
  ) {
    const unverifiedTokens = new WeakMap<BearerRequest, UnverifiedToken>();
    super({
      jwtFromRequest: bearerToken,
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
  validate(request: BearerRequest): VerifiedToken {
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
  unverifiedTokens: WeakMap<BearerRequest, UnverifiedToken>,
): SecretOrKeyProvider<BearerRequest> {
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
