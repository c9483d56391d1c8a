import type { KeyObject } from 'node:crypto';
import type { PublicKey } from './keys.js';

/** The native keys of a process: they are replaced together. */
export interface NativeKeys {
  /** The id of `privateKey` and of the first entry of `publicKeys`. */
  kid: string;
  /** null in a process that only verifies. */
  privateKey: KeyObject | null;
  /** The keys that verify; identity-provider publishes them. */
  publicKeys: readonly PublicKey[];
}

/** Tells the parts of a process that use native keys when their file has changed. */
export class KeyUpdates {
  private readonly listeners = new Set<(keys: NativeKeys) => void>();

  /** @param listener replaces its keys synchronously, so that all parts of a process change at the same time */
  subscribe(listener: (keys: NativeKeys) => void): void {
    this.listeners.add(listener);
  }

  publish(keys: NativeKeys): void {
    for (const listener of this.listeners) listener(keys);
  }
}
