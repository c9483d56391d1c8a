import { deepFreeze } from '#libs/core/deep-freeze.js';
import type { Environment } from './environment.js';
import { identityProviderSettings } from './identity-provider.settings.js';
import type { IdentityProviderSettings, UserServiceSettings } from './settings.js';
import { SettingsError, type SettingsProblem } from './settings-error.js';
import { userServiceSettings } from './user-service.settings.js';

export interface AllSettings {
  identityProvider: IdentityProviderSettings;
  userService: UserServiceSettings;
}

/** The settings of both apps in one process, frozen. @throws SettingsError with the problems of both apps, without duplicates */
export function allSettings(env: Environment): AllSettings {
  const problems = new Map<string, SettingsProblem>();
  const identityProvider = collect(problems, () => identityProviderSettings(env));
  const userService = collect(problems, () => userServiceSettings(env));
  if (!identityProvider || !userService) {
    throw new SettingsError([...problems.values()]);
  }
  return deepFreeze({ identityProvider, userService });
}

function collect<T>(problems: Map<string, SettingsProblem>, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) {
      throw error;
    }
    for (const problem of error.problems) {
      problems.set(`${problem.variable} ${problem.message}`, problem);
    }
    return undefined;
  }
}
