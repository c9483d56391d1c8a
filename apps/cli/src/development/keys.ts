import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readKeyFile, updateEnvText, writePrivateFileOnce } from '#libs/config/env-file.js';
import { type Environment, environmentName } from '#libs/config/environment.js';
import { generateKeyPair } from '#libs/config/keys.js';
import { isSet } from './is-set.js';

/** Where a checkout keeps the keys that were made for it. */
export const developmentKeysFile = (root: string): string => join(root, '.twinkey', 'keys.env');

/** Whether development keys take the place of settings that are not there. */
export const usesDevelopmentKeys = (env: Environment): boolean =>
  environmentName(env) === 'development' && !isSet(env, 'JWT_PRIVATE_KEY') && !isSet(env, 'JWT_PUBLIC_KEY');

/**
 * In development, where no key is set: the environment with those of `.twinkey/keys.env`, which is made at the first
 * time (mode 0600). Otherwise the same environment.
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

/** The environment with the keys of a file; what it sets itself wins. */
export function withKeysOf(file: string, env: Environment): Environment {
  const kept = Object.entries(env).filter(([name]) => isSet(env, name));
  return { ...readKeyFile(file), ...Object.fromEntries(kept) };
}
