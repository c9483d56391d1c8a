import { randomUUID } from 'node:crypto';
import {
  type DynamicModule,
  type FactoryProvider,
  Module,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import { TrustedIssuers } from '#libs/verify/src/issuers/trusted-issuers.js';
import { VerifiedTokenCache } from '#libs/verify/src/verified-token-cache.js';
import { AccessGuard } from './access.guard.js';
import { BearerGuard } from './bearer.guard.js';
import { CallerResolver, TokenCallerResolver } from './caller-resolver.js';
import { JwtStrategy } from './jwt.strategy.js';
import { ObservedIssuers } from './observed-issuers.js';
import { ServiceToken } from './service-token.js';

export interface AuthModuleSettings {
  /** Modules that export the dependencies of `issuers` and `resolver`. */
  imports?: ModuleMetadata['imports'];
  /** Returns the trusted issuers: `nativeIssuer(…)`, `keycloakIssuer(…)`, or both. */
  issuers: Pick<FactoryProvider<TrustedIssuer[]>, 'useFactory' | 'inject'>;
  /** Returns the caller of a verified token. By default the caller is made from the token's claims alone. */
  resolver?: Type<CallerResolver>;
  /** For routes with `@AcceptServiceToken()`. */
  serviceToken?: string | null;
}

/**
 * Guards every handler of an application that imports it. A handler without `@Public()`, `@Authenticated()`,
 * `@NativeOnly()` or `@RequirePermission(…)` is refused.
 */
@Module({})
export class AuthModule {
  static forRoot({
    imports = [],
    issuers,
    resolver = TokenCallerResolver,
    serviceToken = null,
  }: AuthModuleSettings): DynamicModule {
    return {
      module: AuthModule,
      imports: [...imports, PassportModule.register({ defaultStrategy: `jwt-${randomUUID()}` })],
      providers: [
        {
          provide: TrustedIssuers,
          inject: issuers.inject,
          useFactory: async (...dependencies) =>
            new ObservedIssuers(await issuers.useFactory(...dependencies)),
        },
        { provide: CallerResolver, useClass: resolver },
        { provide: ServiceToken, useValue: new ServiceToken(serviceToken) },
        VerifiedTokenCache,
        JwtStrategy,
        BearerGuard,
        AccessGuard,
        { provide: APP_GUARD, useExisting: AccessGuard },
      ],
      exports: [TrustedIssuers],
    };
  }
}
