import type { PublicJwk } from '#libs/config/keys.js';
import { errorMessage, UserFacingError } from '#libs/core/user-facing-error.js';

const TIMEOUT_MS = 2_000;

export const jwksUrlOf = (identityProviderUrl: string): string =>
  `${identityProviderUrl}/.well-known/jwks.json`;

/**
 * Fetches the keys that identity-provider publishes.
 * @throws UserFacingError if it does not respond with a JWKS
 */
export async function publishedKeys(url: string): Promise<Partial<PublicJwk>[]> {
  let keys: unknown;
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    keys = ((await response.json()) as { keys?: unknown } | null)?.keys;
  } catch (error) {
    const { cause = error } = error as { cause?: unknown };
    throw new UserFacingError(
      `identity-provider does not answer at ${url} (${errorMessage(cause)}): start it, or set IDENTITY_PROVIDER_URL.`,
    );
  }
  if (!Array.isArray(keys))
    throw new UserFacingError(`No key set found at ${url}: check IDENTITY_PROVIDER_URL.`);
  return keys;
}

/** Whether a key set contains this key. Another key with the same kid does not count. */
export const containsKey = (keys: Partial<PublicJwk>[], { kid, n }: PublicJwk): boolean =>
  keys.some((key) => key.kid === kid && key.n === n);
