import { JWKS_MAX_AGE } from '#apps/identity-provider/src/tokens/jwks.service.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { NextKey } from './next-key.js';
import { jwksUrlOf, publishedKeys, shows } from './published-keys.js';
import type { RotatedFile } from './rotated-file.js';

/** How often a verifier re-reads a JWKS, in seconds. */
const VERIFIER_REFRESH = 60;

/** How long a key must have been published before anything is signed with it: every cache has re-read by then. */
export const SECONDS_UNTIL_KNOWN = JWKS_MAX_AGE + VERIFIER_REFRESH;

/** Clocks of verifiers, in seconds. */
const LEEWAY = 30;

/** First step: the next key's public half beside the current one. A step that was interrupted is completed. */
export async function announceNextKey(root: string, file: RotatedFile): Promise<NextKey> {
  let next = NextKey.find(root);
  if (next && next.kid === file.kid) {
    // An activation that stopped before its last act.
    next.remove();
    next = null;
  }
  next ??= await NextKey.make(root);
  file.publish(next.kid, next.variables.JWT_PUBLIC_KEY);
  return next;
}

/**
 * Second step: sign with the next key, the old public one is kept.
 * @throws Failure that says what has to come first
 */
export async function activateNextKey(
  root: string,
  file: RotatedFile,
): Promise<{ kid: string; dropOldAfter: Date }> {
  const next = requireNextKey(root);
  if (next.kid !== file.kid) {
    const seconds = await secondsUntilKnown(next, file);
    if (seconds > 0) {
      throw new UserFacingError(
        `The next key is published since ${SECONDS_UNTIL_KNOWN - seconds} s, and not everybody has read it: run this again in ${seconds} s, or with --wait.`,
      );
    }
    file.activate(next.variables);
  }
  next.remove();
  const longestLife = (file.settings.lifetimeSeconds + LEEWAY) * 1000;
  return { kid: next.kid, dropOldAfter: new Date(Date.now() + longestLife) };
}

/** How many seconds the next key still has to be published; asks the live JWKS. */
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
  if (!shows(await publishedKeys(url), next.jwk)) {
    // A replica without it: whatever was seen before does not count.
    next.publishedSince = null;
    throw new UserFacingError(
      `The next key ${next.kid} is not published at ${url} yet: restart identity-provider, every replica of it, and run this again.`,
    );
  }
  next.publishedSince ??= Date.now();
  const age = Math.max(0, Date.now() - next.publishedSince) / 1000;
  return Math.max(0, Math.ceil(SECONDS_UNTIL_KNOWN - age));
}
