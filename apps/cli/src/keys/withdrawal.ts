import { existsSync } from 'node:fs';
import { RevocationsService } from '#apps/identity-provider/src/authority-feed/revocations.service.js';
import { NO_REQUEST } from '#libs/audit/audit-context.js';
import { writeAudit } from '#libs/audit/audit-writer.js';
import { identityProviderUrl } from '#libs/config/command.settings.js';
import { type Environment, isSet } from '#libs/config/environment.js';
import { generateKeyPair } from '#libs/config/keys.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { NATIVE_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { developmentKeysFile, usesDevelopmentKeys } from '../development/development-keys.js';
import { withIdentityDatabase } from '../identity/identity-database.js';
import { asVariables } from './key-file.js';
import { NextKey } from './next-key.js';
import { jwksUrlOf, publishedKeys } from './published-keys.js';
import { KeysInEnvironment, RotatedFile } from './rotated-file.js';

interface Withdrawal {
  root: string;
  env: Environment;
  /** With the URL of the embedded database, if that is used. */
  databaseEnv: Environment;
  /** Also for a key that is not known here. */
  force: boolean;
}

/**
 * Removes a key from the file, signs with another one if it was the signing key, and records the withdrawal, which every
 * identity-provider and every verifier with a feed then applies.
 * @returns what was done, and what is left to do
 * @throws UserFacingError if no key has this id
 */
export async function withdrawKey(
  kid: string,
  { root, env, databaseEnv, force }: Withdrawal,
): Promise<string[]> {
  const file = findFile(root, env);
  const next = NextKey.find(root);
  const inFile = file?.holds(kid) ?? false;
  if (!inFile && next?.kid !== kid && !force) await requirePublished(kid, env);
  return withIdentityDatabase(databaseEnv, async (database) => {
    // The file first: identity-provider can then sign again as soon as it refuses the key.
    const done = file ? await removeFromFile(kid, file, next) : [];
    if (next?.kid === kid) next.remove();
    await database.transaction(async (tx) => {
      // A stolen key can sign new tokens at any time, so the withdrawal has no end.
      const revoked = {
        issuer: NATIVE_ISSUER,
        kind: 'key',
        id: kid,
        issuedBefore: null,
        expiresAt: null,
      } as const;
      await new RevocationsService(database).revoke(revoked, tx);
      const details = { command: 'keys withdraw' };
      await writeAudit(tx, NO_REQUEST, { action: 'key.withdrawn', targetId: kid, details });
    });
    const rest = inFile
      ? 'On machines with another key file, and where environment variables set the keys, remove it there too.'
      : `It is not in a file of this checkout: remove it where the keys are set. While ${kid} is the signing key, identity-provider signs no tokens.`;
    return [
      `The key ${kid} is withdrawn: identity-provider and every verifier with a feed refuse its tokens within two seconds, other verifiers when they fetch the JWKS again.`,
      ...done,
      rest,
    ];
  });
}

/** null if this checkout has no keys, or if environment variables set them. @throws SettingsError if they are invalid */
function findFile(root: string, env: Environment): RotatedFile | null {
  const hasKeys = usesDevelopmentKeys(env)
    ? existsSync(developmentKeysFile(root))
    : isSet(env, 'JWT_PUBLIC_KEY');
  if (!hasKeys) return null;
  try {
    return RotatedFile.find(root, env);
  } catch (error) {
    if (error instanceof KeysInEnvironment) return null;
    throw error;
  }
}

async function removeFromFile(kid: string, file: RotatedFile, next: NextKey | null): Promise<string[]> {
  if (kid !== file.kid) {
    if (!file.holds(kid)) return [];
    file.remove(kid);
    return [`It is removed from JWT_ADDITIONAL_PUBLIC_KEYS of ${file.name}.`];
  }
  const isPrepared = next !== null && next.kid !== kid;
  const pair = isPrepared ? next.variables : asVariables(await generateKeyPair());
  file.replace(pair);
  if (isPrepared) next.remove();
  return [
    `It was the signing key: tokens are now signed with ${pair.JWT_KID}, which is in ${file.name}. Everybody whose token it had signed must sign in again.`,
  ];
}

/** @throws UserFacingError if the live JWKS does not contain the key */
async function requirePublished(kid: string, env: Environment): Promise<void> {
  const url = jwksUrlOf(identityProviderUrl(env));
  const kids = (await publishedKeys(url)).map((key) => key.kid);
  if (kids.includes(kid)) return;
  throw new UserFacingError(
    `No key has the id ${kid}: ${url} publishes ${kids.join(', ')}. To withdraw it all the same, use --force.`,
  );
}
