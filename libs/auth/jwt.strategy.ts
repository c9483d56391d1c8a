import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AuthModuleOptions, PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { type SecretOrKeyProvider, Strategy } from 'passport-jwt';
import { type BearerRequest, bearerToken } from './bearer.js';
import { type UnverifiedToken, parseUnverifiedToken } from './unverified-token.js';
import { acceptClaims } from './claims.js';
import type { VerifiedToken } from './principal.js';
import { VerifiedTokenCache } from './verified-token-cache.js';
import { TrustedIssuers } from './trusted-issuer.js';

/**
 * How a token is verified, in this order:
 * 1. it is taken from the Authorization header (`bearer.ts`),
 * 2. its form and header are checked, its issuer is picked, and that issuer's key looked up (`unverified-token.ts`),
 * 3. passport-jwt verifies the signature, synchronously: the thread pool may be full of bcrypt,
 * 4. its claims are checked (`claims.ts`), and it is remembered.
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') implements OnApplicationShutdown {
  private readonly candidates: WeakMap<BearerRequest, UnverifiedToken>;
  private readonly ownName: string;

  constructor(
    issuers: TrustedIssuers,
    private readonly remembered: VerifiedTokenCache,
    options: AuthModuleOptions,
  ) {
    const candidates = new WeakMap<BearerRequest, UnverifiedToken>();
    super({
      jwtFromRequest: bearerToken,
      secretOrKeyProvider: keyProvider(issuers, candidates),
      algorithms: ['RS256'],
      // Ours to check: jsonwebtoken lets a token without `exp` through, and gives `nbf` no leeway.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true },
      passReqToCallback: true,
    });
    this.candidates = candidates;
    // passport has one table of strategies for the process, in which a second app's 'jwt' replaces the first's
    // (`twinkey run all` has two). So this one also stands there under a name that no other app has.
    this.ownName = options.defaultStrategy as string;
    passport.use(this.ownName, this);
  }

  /** Once the signature holds. What counts are the claims as we read them: jsonwebtoken reads them a second time. */
  validate(request: BearerRequest): VerifiedToken {
    const candidate = this.candidates.get(request) as UnverifiedToken;
    const token = acceptClaims(candidate, Date.now() / 1_000);
    this.remembered.set(candidate, token);
    return token;
  }

  /** Not before the listener has closed: requests that are under way still need it. */
  onApplicationShutdown(): void {
    passport.unuse(this.ownName);
  }
}

function keyProvider(
  issuers: TrustedIssuers,
  candidates: WeakMap<BearerRequest, UnverifiedToken>,
): SecretOrKeyProvider<BearerRequest> {
  return (request, raw: string, done) => {
    parseUnverifiedToken(raw, issuers)
      .then((candidate) => {
        candidates.set(request, candidate);
        // The types know of PEM alone, which jsonwebtoken would parse anew for each token.
        done(null, candidate.key as unknown as Buffer);
      })
      .catch(done);
  };
}
