import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { UserServiceSettings } from '#libs/config/settings.js';
import { Drain } from '#libs/http/application/drain.js';
import { IDENTITY_PROVIDER_URL } from './rights/identity-provider.client.js';

export const USER_SERVICE_SETTINGS = Symbol('USER_SERVICE_SETTINGS');

/** What the whole application may inject of its settings. */
@Global()
@Module({})
export class SettingsModule {
  static forRoot(settings: UserServiceSettings, drain: Drain): DynamicModule {
    const providers = [
      { provide: USER_SERVICE_SETTINGS, useValue: settings },
      { provide: IDENTITY_PROVIDER_URL, useValue: settings.identityProviderUrl },
      { provide: Drain, useValue: drain },
    ];
    return { module: SettingsModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
