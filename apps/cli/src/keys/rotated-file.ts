import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type RotationSettings, rotationSettings } from '#libs/config/command.settings.js';
import { assertPrivateFile, writeEnvFile } from '#libs/config/env-file.js';
import { type Environment, isSet } from '#libs/config/environment.js';
import { keySettingsFile } from '#libs/config/key-settings-file.js';
import { thumbprintOf } from '#libs/config/keys.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { developmentKeysFile, usesDevelopmentKeys, withKeysOf } from '../development/development-keys.js';
import { variablesIn } from './key-file.js';

const ROTATED = ['JWT_KID', 'JWT_PRIVATE_KEY', 'JWT_PUBLIC_KEY', 'JWT_ADDITIONAL_PUBLIC_KEYS'] as const;

/** Environment variables set the keys, and override the file. */
export class KeysInEnvironment extends UserFacingError {}

export interface KeyPairVariables {
  JWT_KID: string;
  JWT_PRIVATE_KEY: string;
  JWT_PUBLIC_KEY: string;
}

/** The file whose keys are rotated: `.env`, the one in `JWT_KEYS_FILE`, or in development the file with the checkout's generated keys. */
export class RotatedFile {
  /** For messages: the path relative to the project root. */
  readonly name: string;
  readonly settings: RotationSettings;
  /** The id of the signing key. */
  readonly kid: string;
  /** The public key in base64. */
  readonly publicKey: string;
  /** The entries in the file: `kid:base64pem`. */
  readonly additional: readonly string[];

  private constructor(
    private readonly path: string,
    root: string,
    env: Environment,
  ) {
    this.name = relative(root, path);
    const current = variablesIn(path);
    const overridden = ROTATED.find((name) => isSet(env, name) && env[name] !== current[name]);
    if (overridden) {
      throw new KeysInEnvironment(
        `${overridden} comes from the real environment, which overrides ${this.name}: rotate the key there (docs/commands.md).`,
      );
    }
    this.settings = rotationSettings(env);
    this.kid = this.settings.kid ?? thumbprintOf(this.settings.publicKey.pem);
    this.publicKey = Buffer.from(this.settings.publicKey.pem).toString('base64');
    this.additional = (current['JWT_ADDITIONAL_PUBLIC_KEYS'] ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
  }

  /** @throws UserFacingError if there is no such file, SettingsError if its keys are invalid */
  static find(root: string, env: Environment): RotatedFile {
    if (!usesDevelopmentKeys(env)) {
      return new RotatedFile(keySettingsFile(root, env) ?? join(root, '.env'), root, env);
    }
    const file = developmentKeysFile(root);
    if (!existsSync(file)) {
      throw new UserFacingError(
        'There are no keys to rotate yet: the first start or twinkey keys generate --write creates them.',
      );
    }
    assertPrivateFile(file);
    return new RotatedFile(file, root, withKeysOf(file, env));
  }

  /** Whether it is the signing key or an additional one. */
  holds(kid: string): boolean {
    return this.kid === kid || this.additional.some((entry) => kidOf(entry) === kid);
  }

  /** Adds a key to the published ones. Running processes read the file again. @returns false if it is one already */
  publish(kid: string, publicKey: string): boolean {
    if (this.additional.some((entry) => kidOf(entry) === kid)) return false;
    this.write({ JWT_ADDITIONAL_PUBLIC_KEYS: [...this.additional, `${kid}:${publicKey}`].join(',') });
    return true;
  }

  /** Publishes an additional key no longer. */
  remove(kid: string): void {
    const others = this.additional.filter((entry) => kidOf(entry) !== kid);
    this.write({ JWT_ADDITIONAL_PUBLIC_KEYS: others.join(',') });
  }

  /** Makes another pair the signing key, and publishes the previous one no longer. */
  replace(pair: KeyPairVariables): void {
    const others = this.additional.filter((entry) => kidOf(entry) !== pair.JWT_KID);
    this.write({ ...pair, JWT_ADDITIONAL_PUBLIC_KEYS: others.join(',') });
  }

  /** Makes another pair the signing key, and keeps publishing the previous one. */
  activate(pair: KeyPairVariables): void {
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

/** A kid can contain a colon; base64 cannot. */
const kidOf = (entry: string) => entry.slice(0, entry.lastIndexOf(':'));
