import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readKeyFile, updateEnvText, writePrivateFileOnce } from '#libs/config/env-file.js';
import { type Environment, environmentName, isSet } from '#libs/config/environment.js';
import { generateKeyPair } from '#libs/config/keys.js';

/** The file with the keys that were generated for this checkout. */
export const developmentKeysFile = (root: string): string => join(root, '.twinkey', 'keys.env');

/** Whether generated development keys replace settings that are not set. */
export const usesDevelopmentKeys = (env: Environment): boolean =>
  environmentName(env) === 'development' && !isSet(env, 'JWT_PRIVATE_KEY') && !isSet(env, 'JWT_PUBLIC_KEY');

/**
 * Adds the keys of `.twinkey/keys.env` to the environment in development, if no key is set. The first call creates the
 * file (mode 0600).
 */
export async function withDevelopmentKeys(env: Environment, root: string): Promise<Environment> {
  if (!usesDevelopmentKeys(env)) return env;
  const file = developmentKeysFile(root);
  if (!existsSync(file)) {
    mkdirSync(join(root, '.twinkey'), { recursive: true });
    const { kid, privateKey, publicKey } = await generateKeyPair();
    const values = { JWT_KID: kid, JWT_PRIVATE_KEY: privateKey, JWT_PUBLIC_KEY: publicKey };
    writePrivateFileOnce(file, updateEnvText('', values));
  }
  return withKeysOf(file, env);
}

/** Like `withDevelopmentKeys`, but never creates the file. */
export function withExistingDevelopmentKeys(env: Environment, root: string): Environment {
  const file = developmentKeysFile(root);
  return usesDevelopmentKeys(env) && existsSync(file) ? withKeysOf(file, env) : env;
}

/** Adds the keys of a file to the environment; variables that are already set win. */
export function withKeysOf(file: string, env: Environment): Environment {
  const kept = Object.entries(env).filter(([name]) => isSet(env, name));
  return { ...readKeyFile(file), ...Object.fromEntries(kept) };
}
