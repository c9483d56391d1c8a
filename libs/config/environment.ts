import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assertPrivateFile, holdsWrittenKeys, parseEnvText } from './env-file.js';
import { SettingsError } from './settings-error.js';
import { unknownVariables, withoutServiceLinks } from './unknown-variables.js';
import { ENVIRONMENTS } from './variables/variable.js';

/** Variables by name. An empty text means the same as undefined: unset. */
export type Environment = Record<string, string | undefined>;

export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/**
 * The variables of `.env` in `root`, where there is one, under those of the process: a variable that the
 * process holds wins, also where it is empty (`KEYCLOAK_URL= npm start` switches Keycloak off for one run).
 * Throws a SettingsError where the file cannot be read, or holds keys that Twinkey wrote and is open to others.
 * @param warn is given a sentence for each variable that is probably misspelt
 */
export function readEnvironment(
  root: string,
  real: Environment = process.env,
  warn: (warning: string) => void = (warning) => process.stderr.write(`Warning: ${warning}\n`),
): Environment {
  const path = join(root, '.env');
  const text = readIfThere(path);
  const file = parseEnvText(text);
  if (file['JWT_PRIVATE_KEY'] && holdsWrittenKeys(text)) {
    assertPrivateFile(path);
  }
  for (const warning of unknownVariables(file, real)) warn(warning);
  return { ...file, ...withoutServiceLinks(real) };
}

/** `ENVIRONMENT` alone decides, where it is set; else `NODE_ENV`; else development. Throws a SettingsError. */
export function environmentName(env: Environment): EnvironmentName {
  const variable = env['ENVIRONMENT']?.trim() ? 'ENVIRONMENT' : 'NODE_ENV';
  const name = env[variable]?.trim() || 'development';
  const known = ENVIRONMENTS.find((candidate) => candidate === name);
  if (known) {
    return known;
  }
  // An unknown NODE_ENV ("staging") is refused as well: guessing development would switch the rules of production off.
  const hint = variable === 'NODE_ENV' ? '; set ENVIRONMENT to one of them' : '';
  throw new SettingsError([{ variable, message: `must be one of ${ENVIRONMENTS.join(', ')}${hint}` }]);
}

/** False also where nobody can tell: then nothing is made. */
export function isDevelopment(env: Environment): boolean {
  try {
    return environmentName(env) === 'development';
  } catch {
    return false;
  }
}

function readIfThere(path: string): string {
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
