import { allSettings } from '#libs/config/all.settings.js';
import type { Environment } from '#libs/config/environment.js';
import { identityProviderSettings } from '#libs/config/identity-provider.settings.js';
import type { IdentityProviderSettings, UserServiceSettings } from '#libs/config/settings.js';
import { userServiceSettings } from '#libs/config/user-service.settings.js';
import { ALL_DATABASES, type DatabaseVariable } from './development/development-database.js';

export const APPS = ['all', 'identity-provider', 'user-service'] as const;

/** The apps that a command applies to. */
export type ChosenApps = (typeof APPS)[number];

/** null: the app was not chosen. */
export interface ChosenSettings {
  identityProvider: IdentityProviderSettings | null;
  userService: UserServiceSettings | null;
}

/** @throws SettingsError with all invalid and missing settings of the chosen apps */
export function settingsOf(apps: ChosenApps, env: Environment): ChosenSettings {
  switch (apps) {
    case 'identity-provider':
      return { identityProvider: identityProviderSettings(env), userService: null };
    case 'user-service':
      return { identityProvider: null, userService: userServiceSettings(env) };
    case 'all':
      return allSettings(env);
  }
}

export function databasesOf(apps: ChosenApps): readonly DatabaseVariable[] {
  switch (apps) {
    case 'identity-provider':
      return ['IDENTITY_DATABASE_URL'];
    case 'user-service':
      return ['USER_DATABASE_URL'];
    case 'all':
      return ALL_DATABASES;
  }
}
