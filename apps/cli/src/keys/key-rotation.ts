import { JWKS_MAX_AGE } from '#apps/identity-provider/src/tokens/jwks.service.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { NextKey } from './next-key.js';
import { containsKey, jwksUrlOf, publishedKeys } from './published-keys.js';
import type { RotatedFile } from './rotated-file.js';

/** How often a verifier refreshes its JWKS, in seconds. */
const VERIFIER_REFRESH = 60;

/** How long a key must be published before it signs tokens: after this time, every cached JWKS contains it. */
export const SECONDS_UNTIL_KNOWN = JWKS_MAX_AGE + VERIFIER_REFRESH;

/** The accepted clock skew of verifiers, in seconds. */
const LEEWAY = 30;

/**
 * Step 1: publishes the next key together with the current one. Completes an interrupted step.
 * @returns `isNew`: whether this run has published it
 */
export async function announceNextKey(
  root: string,
  file: RotatedFile,
): Promise<{ kid: string; isNew: boolean }> {
  let next = NextKey.find(root);
  if (next && next.kid === file.kid) {
    // An interrupted activation left this file.
    next.remove();
    next = null;
  }
  next ??= await NextKey.make(root);
  const isNew = file.publish(next.kid, next.variables.JWT_PUBLIC_KEY);
  return { kid: next.kid, isNew };
}

/**
 * Step 2: signs with the next key, and keeps the old public key.
 * @returns `isNew`: whether this run has activated it
 * @throws UserFacingError if a step is missing or the key is not yet known to all verifiers
 */
export async function activateNextKey(
  root: string,
  file: RotatedFile,
): Promise<{ kid: string; isNew: boolean; dropOldAfter: Date }> {
  const next = requireNextKey(root);
  const isNew = next.kid !== file.kid;
  if (isNew) {
    const seconds = await secondsUntilKnown(next, file);
    if (seconds > 0) {
      throw new UserFacingError(
        `The next key has been published for ${SECONDS_UNTIL_KNOWN - seconds} s, and some verifiers may not have it yet: run this again in ${seconds} s, or with --wait.`,
      );
    }
    file.activate(next.variables);
  }
  next.remove();
  const maxLifetimeMs = (file.settings.lifetimeSeconds + LEEWAY) * 1000;
  return { kid: next.kid, isNew, dropOldAfter: new Date(Date.now() + maxLifetimeMs) };
}

/** The remaining seconds until the next key can be activated, according to the live JWKS. */
export async function secondsUntilActive(root: string, file: RotatedFile): Promise<number> {
  const next = requireNextKey(root);
  return next.kid === file.kid ? 0 : secondsUntilKnown(next, file);
}

function requireNextKey(root: string): NextKey {
  const next = NextKey.find(root);
  if (!next) throw new UserFacingError('There is no next key yet: run twinkey keys rotate first.');
  return next;
}

async function secondsUntilKnown(next: NextKey, file: RotatedFile): Promise<number> {
  const url = jwksUrlOf(file.settings.identityProviderUrl);
  if (!containsKey(await publishedKeys(url), next.jwk)) {
    // This replica does not publish it: start counting again.
    next.publishedSince = null;
    throw new UserFacingError(
      `The next key ${next.kid} is not published at ${url} yet: wait five seconds, or restart identity-provider (every replica) if it does not read this file. Then run this again.`,
    );
  }
  next.publishedSince ??= Date.now();
  const age = Math.max(0, Date.now() - next.publishedSince) / 1000;
  return Math.max(0, Math.ceil(SECONDS_UNTIL_KNOWN - age));
}
