import { SettingsError } from '#libs/config/settings-error.js';
import { settingsOf } from '../chosen-apps.js';
import { usesDevelopmentKeys } from '../development/keys.js';
import { broken, type Check, type Examined, ok } from './check.js';

const REMEDY = 'Set it in .env or in the environment; docs/settings.md has every variable.';

/** All settings of the chosen apps. */
export async function checkSettings({ apps, env }: Examined): Promise<Check[]> {
  try {
    settingsOf(apps, env);
  } catch (error) {
    const checks = settingsFaults(error).filter(
      // The first start makes them.
      ({ message }) => !usesDevelopmentKeys(env) || !/^JWT_(PRIVATE|PUBLIC)_KEY is missing/.test(message),
    );
    if (checks.length > 0) return checks;
  }
  return [ok('settings', `Complete for ${apps === 'all' ? 'both apps' : apps}.`)];
}

/** A check for each fault. Rethrows what is no SettingsError. */
export function settingsFaults(error: unknown): Check[] {
  if (!(error instanceof SettingsError)) throw error;
  return error.problems.map(({ variable, message }) => broken('settings', `${variable} ${message}`, REMEDY));
}
