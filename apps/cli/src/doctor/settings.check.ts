import { SettingsError } from '#libs/config/settings-error.js';
import { settingsOf } from '../chosen-apps.js';
import { usesDevelopmentKeys } from '../development/development-keys.js';
import { broken, type CheckContext, type DoctorCheck, ok, warning } from './check.js';

const REMEDY = 'Set it in .env or in the environment; docs/settings.md describes every variable.';
const KEY_REMEDY = 'Set both keys of the same pair; twinkey keys generate prints a new pair.';
/** Remedies for single variables. */
const REMEDIES: Record<string, string> = {
  JWT_ISSUER:
    "Set it to identity-provider's public URL, which must be https in production: a proxy terminates TLS, and the apps use HTTP behind it (docs/deploying.md).",
  KEYCLOAK_URL:
    "Set it to Keycloak's public URL, which must be https in production; KEYCLOAK_INTERNAL_URL can be http and private.",
  JWT_PRIVATE_KEY: KEY_REMEDY,
  JWT_PUBLIC_KEY: KEY_REMEDY,
};

/** Checks all settings of the chosen apps. */
export async function checkSettings({ apps, env }: CheckContext): Promise<DoctorCheck[]> {
  try {
    settingsOf(apps, env);
  } catch (error) {
    const checks = settingsProblems(error).filter(
      // The first start creates these keys.
      ({ message }) => !usesDevelopmentKeys(env) || !/^JWT_(PRIVATE|PUBLIC)_KEY is missing/.test(message),
    );
    if (checks.length > 0) return checks;
  }
  return [ok('settings', `Complete for ${apps === 'all' ? 'both apps' : apps}.`)];
}

/** One check per problem. Rethrows other errors. */
export function settingsProblems(error: unknown): DoctorCheck[] {
  if (!(error instanceof SettingsError)) throw error;
  return error.problems.map(({ variable, message }) =>
    broken('settings', `${variable} ${message}`, remedyFor(variable)),
  );
}

export const remedyFor = (variable: string): string => REMEDIES[variable] ?? REMEDY;

export const unknownVariable = (text: string): DoctorCheck =>
  warning('settings.unknown', text, 'Correct the name, or remove the variable.');
