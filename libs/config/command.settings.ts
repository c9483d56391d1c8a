import { deepFreeze } from '#libs/core/deep-freeze.js';
import { type DatabasePrefix, databaseSettings } from './database.settings.js';
import type { Environment, EnvironmentName } from './environment.js';
import { keycloakIssuerSettings, keycloakServiceSettings } from './keycloak.settings.js';
import type { PublicKey } from './keys.js';
import { nativeIssuerSettings } from './native.settings.js';
import { maxTokenLifetime } from './session.settings.js';
import type {
  DatabaseSettings,
  KeycloakIssuerSettings,
  KeycloakServiceSettings,
  NativeIssuerSettings,
} from './settings.js';
import { complete, SettingsReader } from './settings-reader.js';

/** Settings of single commands, which require no other settings. Frozen. */

/** A database as commands use it: without PgBouncer, where that is possible. */
export interface CommandDatabase {
  url: string;
  /** The URL leads to a PgBouncer in transaction mode: `DATABASE_DIRECT_URL` is not set. */
  pooled: boolean;
  /** How the apps use it. */
  app: { url: string } & Omit<DatabaseSettings, 'directUrl'>;
}

/** One database per schema; null if no URL is set for it. */
export interface CommandDatabases {
  identity: CommandDatabase | null;
  users: CommandDatabase | null;
}

/** For all commands that use a database. @throws SettingsError, also if no URL is set */
export function commandDatabases(env: Environment): CommandDatabases {
  const reader = new SettingsReader(env);
  const identity = commandDatabase(reader, 'IDENTITY');
  const users = commandDatabase(reader, 'USER');
  if (identity === null && users === null) {
    reader.required('DATABASE_URL');
  }
  return deepFreeze(reader.finish(complete({ identity, users })));
}

function commandDatabase(reader: SettingsReader, prefix: DatabasePrefix): CommandDatabase | null | undefined {
  const url = reader.optional(`${prefix}_DATABASE_URL`);
  if (url === null) return null;
  const database = databaseSettings(reader, prefix);
  if (url === undefined || database === undefined) return undefined;
  const { directUrl, ...app } = database;
  return { url: directUrl ?? url, pooled: directUrl === null, app: { url, ...app } };
}

function requiredDatabase(reader: SettingsReader, prefix: DatabasePrefix): CommandDatabase | undefined {
  reader.required(`${prefix}_DATABASE_URL`);
  return commandDatabase(reader, prefix) ?? undefined;
}

export interface SeedSettings {
  environment: EnvironmentName;
  database: CommandDatabase;
  bcryptCost: number;
  breachedPasswordsFile: string | null;
}

/** For `seed`. @throws SettingsError */
export function seedSettings(env: Environment): SeedSettings {
  const reader = new SettingsReader(env);
  return deepFreeze(
    reader.finish(
      complete({
        environment: reader.environment,
        database: requiredDatabase(reader, 'IDENTITY'),
        bcryptCost: reader.required('BCRYPT_COST'),
        breachedPasswordsFile: reader.optional('BREACHED_PASSWORDS_FILE'),
      }),
    ),
  );
}

export interface RotationSettings {
  publicKey: Omit<PublicKey, 'kid'>;
  /** null: the key's thumbprint is used. */
  kid: string | null;
  additionalKeys: PublicKey[];
  /** The longest life of a token. */
  lifetimeSeconds: number;
  identityProviderUrl: string;
}

/** For `keys rotate`. @throws SettingsError */
export function rotationSettings(env: Environment): RotationSettings {
  const reader = new SettingsReader(env);
  return deepFreeze(
    reader.finish(
      complete({
        publicKey: reader.required('JWT_PUBLIC_KEY'),
        kid: reader.optional('JWT_KID'),
        additionalKeys: reader.or('JWT_ADDITIONAL_PUBLIC_KEYS', []),
        lifetimeSeconds: maxTokenLifetime(reader),
        identityProviderUrl: reader.required('IDENTITY_PROVIDER_URL'),
      }),
    ),
  );
}

/** For `tokens explain`: the issuers whose tokens are accepted; `keycloak` is null if Keycloak mode is off. @throws SettingsError */
export function issuerSettings(env: Environment): {
  native: NativeIssuerSettings;
  keycloak: KeycloakIssuerSettings | null;
} {
  const reader = new SettingsReader(env);
  return reader.finish(
    complete({ native: nativeIssuerSettings(reader), keycloak: keycloakIssuerSettings(reader) }),
  );
}

/** For `keys withdraw`. @throws SettingsError */
export function identityProviderUrl(env: Environment): string {
  const reader = new SettingsReader(env);
  return reader.finish(reader.required('IDENTITY_PROVIDER_URL'));
}

/** For `doctor`: the Keycloak clients whose logouts are accepted. @throws SettingsError */
export function logoutClients(env: Environment): string[] {
  const reader = new SettingsReader(env);
  return reader.finish(reader.required('KEYCLOAK_LOGOUT_CLIENTS'));
}

/** For `doctor`: null if Keycloak mode is off. @throws SettingsError */
export function doctorKeycloakSettings(env: Environment): KeycloakServiceSettings | null {
  const reader = new SettingsReader(env);
  return deepFreeze(reader.finish(keycloakServiceSettings(reader)));
}
