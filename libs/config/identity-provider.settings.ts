import { deepFreeze } from '#libs/core/deep-freeze.js';
import { commonSettings } from './common.settings.js';
import { databaseSettings } from './database.settings.js';
import type { Environment } from './environment.js';
import { keycloakIssuerSettings } from './keycloak.settings.js';
import { mailSettings } from './mail.settings.js';
import { signingSettings } from './native.settings.js';
import { registrationSettings } from './registration.settings.js';
import { sessionSettings } from './session.settings.js';
import type { IdentityProviderSettings } from './settings.js';
import { complete, SettingsReader } from './settings-reader.js';

/** All settings of identity-provider, frozen. @throws SettingsError with all invalid and missing settings */
export function identityProviderSettings(env: Environment): IdentityProviderSettings {
  const reader = new SettingsReader(env);
  const common = commonSettings(reader);
  const keycloak = keycloakIssuerSettings(reader);
  const settings = complete({
    port: reader.required('PORT'),
    databaseUrl: reader.required('IDENTITY_DATABASE_URL'),
    database: databaseSettings(reader, 'IDENTITY'),
    signing: signingSettings(reader),
    sessions: sessionSettings(reader),
    bcryptCost: reader.required('BCRYPT_COST'),
    login: complete({
      maxFailures: reader.required('LOGIN_MAX_FAILURES'),
      maxFailuresPerAddress: reader.required('LOGIN_MAX_FAILURES_PER_ADDRESS'),
      windowSeconds: reader.required('LOGIN_WINDOW_SECONDS'),
    }),
    redisUrl: reader.optional('REDIS_URL'),
    secondFactor: complete({
      requiredRoles: reader.required('SECOND_FACTOR_REQUIRED'),
      trustedBrowsers: reader.required('TRUSTED_BROWSERS'),
    }),
    brand: complete({
      name: reader.required('BRAND_NAME'),
      color: reader.required('BRAND_COLOR'),
      logo: reader.optional('BRAND_LOGO'),
    }),
    mail: mailSettings(reader),
    breachedPasswordsFile: reader.optional('BREACHED_PASSWORDS_FILE'),
    registration: registrationSettings(reader),
    keycloak,
    logoutClients: keycloak === null ? [] : reader.required('KEYCLOAK_LOGOUT_CLIENTS'),
    metricsPort: reader.optional('METRICS_PORT'),
    metricsHost: reader.required('METRICS_HOST'),
  });
  return deepFreeze(reader.finish(common && settings && { ...common, ...settings }));
}
