import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { Drain } from '#libs/http/application/drain.js';

/** Injects `UserServiceSettings`. */
export const SETTINGS = Symbol('SETTINGS');

/** Offers the settings and the drain to the whole application. */
@Global()
@Module({})
export class SettingsModule {
  static forRoot(settings: UserServiceSettings, drain: Drain): DynamicModule {
    const providers = [
      { provide: SETTINGS, useValue: settings },
      { provide: Drain, useValue: drain },
    ];
    return { module: SettingsModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
