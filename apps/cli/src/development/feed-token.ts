import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { updateEnvText, writePrivateFileOnce } from '#libs/config/env-file.js';
import { type Environment, environmentName, isSet } from '#libs/config/environment.js';
import { withKeysOf } from './development-keys.js';

const VARIABLE = 'AUTHORITY_FEED_TOKEN';

/**
 * Adds the token of the authority feed to the environment in development, if it is not set. The first call creates
 * `.twinkey/feed.env` (mode 0600), which both apps of a checkout read.
 */
export function withDevelopmentFeedToken(env: Environment, root: string): Environment {
  if (environmentName(env) !== 'development' || isSet(env, VARIABLE)) return env;
  const folder = join(root, '.twinkey');
  const file = join(folder, 'feed.env');
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    writePrivateFileOnce(file, updateEnvText('', { [VARIABLE]: randomBytes(32).toString('base64url') }));
  }
  return withKeysOf(file, env);
}
