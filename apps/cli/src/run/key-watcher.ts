import { unwatchFile, watchFile } from 'node:fs';
import { join } from 'node:path';
import { type Environment, readEnvironment } from '#libs/config/environment.js';
import { KEY_VARIABLES, keySettingsFile } from '#libs/config/key-settings-file.js';
import { KeyUpdates, type NativeKeys } from '#libs/config/key-updates.js';
import { nativeKeys } from '#libs/config/native.settings.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import type { Logger } from '#libs/observability/logger.js';
import type { ChosenApps } from '../chosen-apps.js';
import { developmentKeysFile, withExistingDevelopmentKeys } from '../development/development-keys.js';

/** How often the files are looked at (ms). Polling also finds changes on network drives and in mounted Kubernetes secrets. */
const INTERVAL_MS = 1_000;

export interface Watched {
  apps: ChosenApps;
  root: string;
  /** The environment that the process runs with. */
  env: Environment;
}

/** The environment with the native keys that the files contain now. @throws SettingsError */
export function withCurrentKeys({ apps, root, env }: Watched): Environment {
  const found = readEnvironment(root, process.env, () => {});
  // Without a key in its settings, user-service alone uses the JWKS, also in development.
  const current = apps === 'user-service' ? found : withExistingDevelopmentKeys(found, root);
  const keys = KEY_VARIABLES.map((name) => [name, current[name]]);
  return { ...env, ...Object.fromEntries(keys) };
}

/**
 * Watches the files with the native keys, and announces new ones. Invalid keys are logged, and the previous ones stay in
 * use. Other settings are read only at start.
 */
export class KeyWatcher {
  readonly updates = new KeyUpdates();
  private readonly files: string[];
  private readonly listener = () => this.reload();
  private current: string;

  constructor(
    private readonly watched: Watched,
    private readonly logger: Logger,
  ) {
    const { root, env } = watched;
    this.files = [join(root, '.env'), developmentKeysFile(root), keySettingsFile(root, env) ?? []].flat();
    this.current = describe(this.read(env));
    for (const file of this.files)
      watchFile(file, { interval: INTERVAL_MS, persistent: false }, this.listener);
  }

  async close(): Promise<void> {
    for (const file of this.files) unwatchFile(file, this.listener);
  }

  private reload(): void {
    let keys: NativeKeys | null;
    try {
      keys = this.read(withCurrentKeys(this.watched));
    } catch (error) {
      const problems = error instanceof SettingsError ? error.message.split('\n') : [errorMessage(error)];
      this.logger.error({ problems }, 'The changed keys are not valid: the previous keys stay in use.');
      return;
    }
    const found = describe(keys);
    if (keys === null || found === this.current) return;
    this.current = found;
    this.updates.publish(keys);
    const kids = keys.publicKeys.map(({ kid }) => kid);
    this.logger.info({ kid: keys.kid, published: kids }, 'The native keys have changed.');
  }

  private read(env: Environment): NativeKeys | null {
    return nativeKeys(env, { signs: this.watched.apps !== 'user-service' });
  }
}

/** Differs for different keys. A private key is determined by its public key. */
const describe = (keys: NativeKeys | null): string =>
  JSON.stringify(keys?.publicKeys.map(({ kid, pem }) => [kid, pem]) ?? null);
