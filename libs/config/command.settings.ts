import type { Environment, EnvironmentName } from './environment.js';
import { keycloakServiceSettings } from './keycloak.settings.js';
import type { PublicKey } from './keys.js';
import type { KeycloakServiceSettings } from './settings.js';
import { complete, SettingsReader } from './settings-reader.js';

/** What single commands need: nothing else has to be set for them. */

/** One URL for each schema; null for one that this installation has no URL for. */
export interface DatabaseUrls {
  identity: string | null;
  users: string | null;
}

/** For `migrate` and `doctor`. Throws a SettingsError, also where there is no URL at all. */
export function databaseUrls(env: Environment): DatabaseUrls {
  const reader = new SettingsReader(env);
  const identity = reader.optional('IDENTITY_DATABASE_URL');
  const users = reader.optional('USER_DATABASE_URL');
  if (identity === null && users === null) {
    reader.required('DATABASE_URL');
  }
  return reader.finish(complete({ identity, users }));
}

/** For `seed`. Throws a SettingsError. */
export function seedSettings(env: Environment): {
  environment: EnvironmentName;
  databaseUrl: string;
  bcryptCost: number;
} {
  const reader = new SettingsReader(env);
  return reader.finish(
    complete({
      environment: reader.environment,
      databaseUrl: reader.required('IDENTITY_DATABASE_URL'),
      bcryptCost: reader.required('BCRYPT_COST'),
    }),
  );
}

export interface RotationSettings {
  publicKey: Omit<PublicKey, 'kid'>;
  /** null: the thumbprint. */
  kid: string | null;
  additionalKeys: PublicKey[];
  lifetimeSeconds: number;
  identityProviderUrl: string;
}

/** For `keys rotate`. Throws a SettingsError. */
export function rotationSettings(env: Environment): RotationSettings {
  const reader = new SettingsReader(env);
  return reader.finish(
    complete({
      publicKey: reader.required('JWT_PUBLIC_KEY'),
      kid: reader.optional('JWT_KID'),
      additionalKeys: reader.or('JWT_ADDITIONAL_PUBLIC_KEYS', []),
      lifetimeSeconds: reader.required('JWT_EXPIRATION_DAYS'),
      identityProviderUrl: reader.required('IDENTITY_PROVIDER_URL'),
    }),
  );
}

/** For `doctor`: null where Keycloak mode is off. Throws a SettingsError. */
export function keycloakSettings(env: Environment): KeycloakServiceSettings | null {
  const reader = new SettingsReader(env);
  return reader.finish(keycloakServiceSettings(reader));
}
