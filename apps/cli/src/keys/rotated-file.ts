import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type RotationSettings, rotationSettings } from '#libs/config/command.settings.js';
import { assertPrivateFile, writeEnvFile } from '#libs/config/env-file.js';
import type { Environment } from '#libs/config/environment.js';
import { thumbprintOf } from '#libs/config/keys.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { isSet } from '../development/is-set.js';
import { developmentKeysFile, usesDevelopmentKeys, withKeysOf } from '../development/keys.js';
import { variablesIn } from './key-file.js';

const ROTATED = ['JWT_KID', 'JWT_PRIVATE_KEY', 'JWT_PUBLIC_KEY', 'JWT_ADDITIONAL_PUBLIC_KEYS'] as const;

/** The file whose keys are rotated: `.env`, or in development that of the keys which were made for the checkout. */
export class RotatedFile {
  /** For people, from the project root. */
  readonly name: string;
  readonly settings: RotationSettings;
  /** Of the key that signs. */
  readonly kid: string;
  /** The base64 of its public half. */
  readonly publicKey: string;
  /** As they stand in the file: `kid:base64pem`. */
  readonly additional: readonly string[];

  private constructor(
    private readonly path: string,
    root: string,
    env: Environment,
  ) {
    this.name = relative(root, path);
    const held = variablesIn(path);
    const overridden = ROTATED.find((name) => isSet(env, name) && env[name] !== held[name]);
    if (overridden) {
      throw new UserFacingError(
        `${overridden} comes from the real environment, which wins over ${this.name}: rotate it there, as docs/commands.md tells.`,
      );
    }
    this.settings = rotationSettings(env);
    this.kid = this.settings.kid ?? thumbprintOf(this.settings.publicKey.pem);
    this.publicKey = Buffer.from(this.settings.publicKey.pem).toString('base64');
    this.additional = (held['JWT_ADDITIONAL_PUBLIC_KEYS'] ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
  }

  /** @throws Failure where there is no such file, SettingsError where its keys are no good */
  static find(root: string, env: Environment): RotatedFile {
    if (!usesDevelopmentKeys(env)) return new RotatedFile(join(root, '.env'), root, env);
    const file = developmentKeysFile(root);
    if (!existsSync(file)) {
      throw new UserFacingError(
        'There are no keys to rotate yet: the first start makes them, or twinkey keys generate --write.',
      );
    }
    assertPrivateFile(file);
    return new RotatedFile(file, root, withKeysOf(file, env));
  }

  /** Publishes a key beside the current one, from the next start on. */
  publish(kid: string, publicKey: string): void {
    if (this.additional.some((entry) => kidOf(entry) === kid)) return;
    this.write({ JWT_ADDITIONAL_PUBLIC_KEYS: [...this.additional, `${kid}:${publicKey}`].join(',') });
  }

  /** Signs with another pair from the next start on, and keeps publishing the one that signed until now. */
  activate(pair: { JWT_KID: string; JWT_PRIVATE_KEY: string; JWT_PUBLIC_KEY: string }): void {
    const others = this.additional.filter((entry) => kidOf(entry) !== pair.JWT_KID);
    this.write({
      ...pair,
      JWT_ADDITIONAL_PUBLIC_KEYS: [...others, `${this.kid}:${this.publicKey}`].join(','),
    });
  }

  private write(values: Record<string, string>): void {
    writeEnvFile(this.path, values);
  }
}

/** Base64 holds no colon, a kid may. */
const kidOf = (entry: string) => entry.slice(0, entry.lastIndexOf(':'));
