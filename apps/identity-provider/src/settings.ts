import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { Drain } from '#libs/http/application/drain.js';
import { LOGIN_SETTINGS } from './login-throttle/login-throttle.js';
import { KEYCLOAK_SETTINGS } from './authority/role-map-warning.js';
import { SIGNING_SETTINGS } from './tokens/token-signer.js';
import { BCRYPT_COST } from './passwords/password-hasher.js';
import { WORKERS } from './passwords/passwords.module.js';

/** What the whole application may inject of its settings. */
@Global()
@Module({})
export class SettingsModule {
  static forRoot(settings: IdentityProviderSettings, drain: Drain): DynamicModule {
    const providers = [
      { provide: SIGNING_SETTINGS, useValue: settings.signing },
      { provide: BCRYPT_COST, useValue: settings.bcryptCost },
      { provide: KEYCLOAK_SETTINGS, useValue: settings.keycloak },
      { provide: LOGIN_SETTINGS, useValue: settings.login },
      { provide: WORKERS, useValue: settings.workers },
      { provide: Drain, useValue: drain },
    ];
    return { module: SettingsModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
