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
import { AccessGuard } from './access.guard.js';
import { BearerGuard } from './bearer.guard.js';
import { CallerResolver, TokenCallerResolver } from './caller-resolver.js';
import { JwtStrategy } from './jwt.strategy.js';
import { VerifiedTokenCache } from './verified-token-cache.js';
import { type TrustedIssuer, TrustedIssuers } from './trusted-issuer.js';

export interface AuthModuleSettings {
  /** Modules of what `issuers` and `resolver` inject. */
  imports?: ModuleMetadata['imports'];
  /** Gives whom to trust: `nativeIssuer(…)`, `keycloakIssuer(…)`, or both. */
  issuers: Pick<FactoryProvider<TrustedIssuer[]>, 'useFactory' | 'inject'>;
  /** Who is behind a good token; unless told, the token is taken on its word. */
  resolver?: Type<CallerResolver>;
}

/**
 * Guards every handler of an application. Installing it is enough: from then on a handler that does not say
 * `@Public()`, `@Authenticated()`, `@NativeOnly()` or `@RequirePermission(…)` is refused.
 */
@Module({})
export class AuthModule {
  static forRoot({
    imports = [],
    issuers,
    resolver = TokenCallerResolver,
  }: AuthModuleSettings): DynamicModule {
    return {
      module: AuthModule,
      imports: [...imports, PassportModule.register({ defaultStrategy: `jwt-${randomUUID()}` })],
      providers: [
        {
          provide: TrustedIssuers,
          inject: issuers.inject,
          useFactory: async (...dependencies) =>
            new TrustedIssuers(await issuers.useFactory(...dependencies)),
        },
        { provide: CallerResolver, useClass: resolver },
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
