import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseEnvText, writeEnvFile } from '#libs/config/env-file.js';
import { isSet } from '#libs/config/environment.js';
import { type GeneratedKeys, generateKeyPair } from '#libs/config/keys.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';

const PAIR = ['JWT_KID', 'JWT_PRIVATE_KEY', 'JWT_PUBLIC_KEY'] as const;

/** A key pair as settings variables. */
export const asVariables = ({ kid, privateKey, publicKey }: GeneratedKeys) => ({
  JWT_KID: kid,
  JWT_PRIVATE_KEY: privateKey,
  JWT_PUBLIC_KEY: publicKey,
});

/**
 * Writes a new pair to a `.env` file (mode 0600).
 * @returns its kid
 * @throws UserFacingError if the file contains a pair and `force` is not set
 */
export async function writeNewKeys(file: string, { force }: { force: boolean }): Promise<string> {
  const current = variablesIn(file);
  const existing = PAIR.filter((name) => isSet(current, name));
  if (existing.length > 0 && !force) {
    throw new UserFacingError(
      `${basename(file)} already contains ${existing.join(', ')}: use --force to replace them.`,
    );
  }
  const keys = await generateKeyPair();
  writeEnvFile(file, asVariables(keys));
  return keys.kid;
}

/** The variables of a `.env` file; empty if the file does not exist. */
export function variablesIn(file: string): Record<string, string> {
  try {
    return parseEnvText(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}
