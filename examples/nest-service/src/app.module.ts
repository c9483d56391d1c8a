import { type DynamicModule, Module } from '@nestjs/common';
import type { Verifier } from '@twinkey/verify';
import { VerifyModule } from '@twinkey/verify/nest';
import { AppController } from './app.controller.js';

@Module({ controllers: [AppController] })
export class AppModule {
  /** Every handler is guarded, and one that declares no access is refused. */
  static forRoot(verifier: Verifier): DynamicModule {
    return { module: AppModule, imports: [VerifyModule.forRoot(verifier)] };
  }
}
