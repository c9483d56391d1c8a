import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { assertPrivateFile, holdsWrittenKeys, parseEnvText } from './env-file.js';
import type { Environment } from './environment.js';
import { SettingsError, type SettingsProblem } from './settings-error.js';

/** The variables that `JWT_KEYS_FILE` can contain. */
export const KEY_VARIABLES = [
  'JWT_KID',
  'JWT_PRIVATE_KEY',
  'JWT_PUBLIC_KEY',
  'JWT_ADDITIONAL_PUBLIC_KEYS',
] as const;

const VARIABLE = 'JWT_KEYS_FILE';

/** The path of the file in `JWT_KEYS_FILE`, which can be relative to the project root; null if it is not set. */
export function keySettingsFile(root: string, env: Environment): string | null {
  const path = env[VARIABLE]?.trim();
  return path ? resolve(root, path) : null;
}

/**
 * Takes the native keys from the file in `JWT_KEYS_FILE`, if that is set. Empty variables, as docker compose passes them,
 * do not override it.
 * @throws SettingsError if the file cannot be read or contains something else, or if a key is set twice
 */
export function withKeySettingsFile(root: string, env: Environment): Environment {
  const path = keySettingsFile(root, env);
  if (path === null) return env;
  const keys = readKeys(path);
  const problems: SettingsProblem[] = [];
  for (const name of Object.keys(keys)) {
    if (!isKeyVariable(name)) problems.push({ variable: VARIABLE, message: otherVariable(name) });
  }
  for (const variable of KEY_VARIABLES) {
    if (env[variable]?.trim()) problems.push({ variable, message: `must be set only in ${VARIABLE}` });
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return { ...env, ...keys };
}

function readKeys(path: string): Record<string, string> {
  try {
    const text = readFileSync(path, 'utf8');
    if (holdsWrittenKeys(text)) assertPrivateFile(path);
    return parseEnvText(text);
  } catch (error) {
    if (error instanceof SettingsError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new SettingsError([{ variable: VARIABLE, message: `names a file that cannot be read (${code})` }]);
  }
}

const isKeyVariable = (name: string): boolean => (KEY_VARIABLES as readonly string[]).includes(name);

/** A line of a key can look like a variable: only names that cannot be part of a key are shown. */
const otherVariable = (name: string): string =>
  /^[A-Z][A-Z_]{2,40}$/.test(name)
    ? `contains ${name}, but can contain only ${KEY_VARIABLES.join(', ')}`
    : 'contains lines that are not variables: put values of several lines into double quotes';
