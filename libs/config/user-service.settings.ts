import { deepFreeze } from '#libs/core/deep-freeze.js';
import { commonSettings } from './common.settings.js';
import { databaseSettings } from './database.settings.js';
import type { Environment } from './environment.js';
import { keycloakServiceSettings } from './keycloak.settings.js';
import { nativeIssuerSettings } from './native.settings.js';
import type { UserServiceSettings } from './settings.js';
import { complete, SettingsReader } from './settings-reader.js';

/** All settings of user-service, frozen. @throws SettingsError with all invalid and missing settings */
export function userServiceSettings(env: Environment): UserServiceSettings {
  const reader = new SettingsReader(env);
  const common = commonSettings(reader);
  const settings = complete({
    port: reader.required('USER_SERVICE_PORT'),
    internalPort: reader.required('USER_SERVICE_INTERNAL_PORT'),
    internalHost: reader.required('USER_SERVICE_INTERNAL_HOST'),
    internalApiToken: reader.optional('INTERNAL_API_TOKEN'),
    identityProviderUrl: reader.required('IDENTITY_PROVIDER_URL'),
    databaseUrl: reader.required('USER_DATABASE_URL'),
    database: databaseSettings(reader, 'USER'),
    native: nativeIssuerSettings(reader),
    keycloak: keycloakServiceSettings(reader),
    keycloakRecheckSeconds: reader.required('KEYCLOAK_RECHECK_SECONDS'),
  });
  // With the same port for both listeners, the internal routes would be public.
  if (settings && settings.port !== 0 && settings.port === settings.internalPort) {
    reader.refuse('USER_SERVICE_INTERNAL_PORT', 'must differ from USER_SERVICE_PORT');
  }
  return deepFreeze(reader.finish(common && settings && { ...common, ...settings }));
}
