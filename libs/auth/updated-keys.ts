import type { KeyObject } from 'node:crypto';
import type { KeyUpdates } from '#libs/config/key-updates.js';
import { type KeySource, type PublicKey, StaticKeys } from '#libs/verify/src/keys/key-source.js';

/** Keys from the settings, which are replaced when their file changes. */
export class UpdatedKeys implements KeySource {
  readonly ageMs = Number.POSITIVE_INFINITY;
  private keys: StaticKeys;

  constructor(initial: readonly PublicKey[], updates: KeyUpdates) {
    this.keys = new StaticKeys(initial);
    updates.subscribe(({ publicKeys }) => {
      this.keys = new StaticKeys(publicKeys);
    });
  }

  current(kid: string): KeyObject | undefined {
    return this.keys.current(kid);
  }

  find(kid: string): Promise<KeyObject> {
    return this.keys.find(kid);
  }

  close(): void {}
}
