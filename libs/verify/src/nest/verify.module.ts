import {
  type DynamicModule,
  type FactoryProvider,
  Inject,
  Module,
  type ModuleMetadata,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { Verifier } from '../token-verifier.js';
import { AccessGuard, VERIFIER } from './access.guard.js';

export type { Principal } from '../principal.js';
export { AccessGuard, VERIFIER } from './access.guard.js';
export {
  type Access,
  Authenticated,
  accessOf,
  Caller,
  NativeOnly,
  Public,
  RequirePermission,
} from './access.js';

export interface VerifyModuleOptions extends Pick<FactoryProvider<Verifier>, 'inject' | 'useFactory'> {
  /** Modules that export what `inject` names. */
  readonly imports?: ModuleMetadata['imports'];
}

/**
 * Guards every handler of an application that imports it. A handler without `@Public()`, `@Authenticated()`,
 * `@NativeOnly()` or `@RequirePermission(…)` is refused. The verifier is closed when the application shuts down.
 */
@Module({})
export class VerifyModule implements OnApplicationShutdown {
  constructor(@Inject(VERIFIER) private readonly verifier: Verifier) {}

  static forRoot(verifier: Verifier): DynamicModule {
    return VerifyModule.forRootAsync({ useFactory: () => verifier });
  }

  /** With a verifier that depends on other providers, such as a configuration service. */
  static forRootAsync({ imports = [], inject = [], useFactory }: VerifyModuleOptions): DynamicModule {
    return {
      module: VerifyModule,
      imports,
      providers: [
        { provide: VERIFIER, inject, useFactory },
        AccessGuard,
        { provide: APP_GUARD, useExisting: AccessGuard },
      ],
      exports: [VERIFIER],
    };
  }

  /** Not earlier: requests that are in progress need the verifier until the listener has closed. */
  async onApplicationShutdown(): Promise<void> {
    await this.verifier.close();
  }
}
