import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseEnvText, writeEnvFile } from '#libs/config/env-file.js';
import { type GeneratedKeys, generateKeyPair } from '#libs/config/keys.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { isSet } from '../development/is-set.js';

const PAIR = ['JWT_KID', 'JWT_PRIVATE_KEY', 'JWT_PUBLIC_KEY'] as const;

/** A pair as the settings name it. */
export const asVariables = ({ kid, privateKey, publicKey }: GeneratedKeys) => ({
  JWT_KID: kid,
  JWT_PRIVATE_KEY: privateKey,
  JWT_PUBLIC_KEY: publicKey,
});

/**
 * Puts a new pair into a `.env` file (mode 0600).
 * @returns its kid
 * @throws Failure where a pair is there and `force` is not set
 */
export async function writeNewKeys(file: string, { force }: { force: boolean }): Promise<string> {
  const held = variablesIn(file);
  const existing = PAIR.filter((name) => isSet(held, name));
  if (existing.length > 0 && !force) {
    throw new UserFacingError(
      `${basename(file)} holds ${existing.join(', ')} already: --force replaces them.`,
    );
  }
  const keys = await generateKeyPair();
  writeEnvFile(file, asVariables(keys));
  return keys.kid;
}

/** What a `.env` file sets; nothing where there is none. */
export function variablesIn(file: string): Record<string, string> {
  try {
    return parseEnvText(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
