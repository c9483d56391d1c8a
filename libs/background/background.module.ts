import { type DynamicModule, Global, Module } from '@nestjs/common';
import { BACKGROUND_APP, BackgroundRunner } from './background-runner.js';

/** `BackgroundRunner`, for every module of the application. */
@Global()
@Module({})
export class BackgroundModule {
  static forRoot(app: 'identity-provider' | 'user-service'): DynamicModule {
    return {
      module: BackgroundModule,
      providers: [{ provide: BACKGROUND_APP, useValue: app }, BackgroundRunner],
      exports: [BackgroundRunner],
    };
  }
}
