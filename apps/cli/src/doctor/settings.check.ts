import { SettingsError } from '#libs/config/settings-error.js';
import { settingsOf } from '../chosen-apps.js';
import { usesDevelopmentKeys } from '../development/keys.js';
import { broken, type DoctorCheck, type Examined, ok, warning } from './check.js';

const REMEDY = 'Set it in .env or in the environment; docs/settings.md has every variable.';
const KEY_REMEDY = 'Set both keys of one pair; twinkey keys generate prints a new one.';
/** Where there is more to say. */
const REMEDIES: Record<string, string> = {
  JWT_ISSUER:
    "Set it to identity-provider's public URL, in production an https one: a proxy ends TLS, and the apps go on speaking HTTP (docs/deploying.md).",
  KEYCLOAK_URL:
    "Set it to Keycloak's public URL, in production an https one; KEYCLOAK_INTERNAL_URL may be http and private.",
  JWT_PRIVATE_KEY: KEY_REMEDY,
  JWT_PUBLIC_KEY: KEY_REMEDY,
};

/** All settings of the chosen apps. */
export async function checkSettings({ apps, env }: Examined): Promise<DoctorCheck[]> {
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
export function settingsFaults(error: unknown): DoctorCheck[] {
  if (!(error instanceof SettingsError)) throw error;
  return error.problems.map(({ variable, message }) =>
    broken('settings', `${variable} ${message}`, remedyFor(variable)),
  );
}

export const remedyFor = (variable: string): string => REMEDIES[variable] ?? REMEDY;

export const unknownVariable = (text: string): DoctorCheck =>
  warning('settings.unknown', text, 'Correct its name, or remove it.');
