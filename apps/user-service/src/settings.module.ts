import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { deepFreeze } from '#libs/core/deep-freeze.js';
import { Drain } from '#libs/http/application/drain.js';
import { SETTINGS } from './settings.js';

/** The settings and the drain, for every module of the application. */
@Global()
@Module({})
export class SettingsModule {
  static forRoot(settings: UserServiceSettings, drain: Drain): DynamicModule {
    const providers = [
      { provide: SETTINGS, useValue: deepFreeze(settings) },
      { provide: Drain, useValue: drain },
    ];
    return { module: SettingsModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
