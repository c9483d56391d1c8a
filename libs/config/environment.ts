import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertPrivateFile, holdsWrittenKeys, parseEnvText } from './env-file.js';
import { withKeySettingsFile } from './key-settings-file.js';
import { SettingsError } from './settings-error.js';
import { unknownVariables, withoutServiceLinks } from './unknown-variables.js';
import { ENVIRONMENTS } from './variables/variable.js';

/** Variables by name. An empty value means unset, like undefined. */
export type Environment = Record<string, string | undefined>;

export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/**
 * Merges the variables of `.env` in `root`, if it exists, with those of the process. Variables of the process win, also if
 * they are empty: `KEYCLOAK_URL= npm start` disables Keycloak for one run.
 * The native keys come from the file in `JWT_KEYS_FILE`, if that is set.
 * @param warn called with a sentence about each variable that is probably misspelt
 * @throws SettingsError if the file cannot be read, or if it contains keys written by Twinkey and other users can read it
 */
export function readEnvironment(
  root: string,
  real: Environment = process.env,
  warn: (warning: string) => void = (warning) => process.stderr.write(`Warning: ${warning}\n`),
): Environment {
  const path = join(root, '.env');
  const text = readIfExists(path);
  const file = parseEnvText(text);
  if (file['JWT_PRIVATE_KEY'] && holdsWrittenKeys(text)) {
    assertPrivateFile(path);
  }
  for (const warning of unknownVariables(file, real)) warn(warning);
  return withKeySettingsFile(root, { ...file, ...withoutServiceLinks(real) });
}

/** An empty value means unset. */
export const isSet = (env: Environment, name: string): boolean => (env[name]?.trim() ?? '') !== '';

/** `ENVIRONMENT`, otherwise `NODE_ENV`, otherwise development. @throws SettingsError if the value is unknown */
export function environmentName(env: Environment): EnvironmentName {
  const variable = isSet(env, 'ENVIRONMENT') ? 'ENVIRONMENT' : 'NODE_ENV';
  const name = env[variable]?.trim() || 'development';
  const known = ENVIRONMENTS.find((candidate) => candidate === name);
  if (known) {
    return known;
  }
  // An unknown NODE_ENV ("staging") is refused too: with development as a fallback, production rules would not apply.
  const hint = variable === 'NODE_ENV' ? '; set ENVIRONMENT to one of them' : '';
  throw new SettingsError([{ variable, message: `must be one of ${ENVIRONMENTS.join(', ')}${hint}` }]);
}

/** Returns false if the environment is invalid. */
export function isDevelopment(env: Environment): boolean {
  try {
    return environmentName(env) === 'development';
  } catch {
    return false;
  }
}

/** Copies variables of `.env` to `process.env`, for libraries that read them there. */
export function publishVariables(env: Environment, prefix: string): void {
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith(prefix) && value) process.env[name] ??= value;
  }
}

function readIfExists(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      return '';
    }
    throw new SettingsError([{ variable: '.env', message: `cannot be read (${code})` }]);
  }
}
