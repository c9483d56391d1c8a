import type { KeyObject } from 'node:crypto';
import { TokenRejected } from './token-rejected.js';

/** The public keys of one issuer. Each key stays the same object for as long as the issuer publishes it. */
export interface KeySource {
  /** The key of this id that is good right now, as far as is known without asking anyone. */
  current(kid: string): KeyObject | undefined;
  /**
   * The same, asking the issuer where that may help.
   * @throws TokenRejected `key_unknown`: the issuer has no such key
   * @throws ApiError 503: the issuer cannot be asked, so nobody knows
   */
  find(kid: string): Promise<KeyObject>;
  /** Stops all that runs in the background. */
  close(): void;
}

/** Keys that are known from the start: the native issuer's, out of the settings. */
export class StaticKeys implements KeySource {
  private readonly keys: ReadonlyMap<string, KeyObject>;

  constructor(keys: readonly { kid: string; key: KeyObject }[]) {
    this.keys = new Map(keys.map(({ kid, key }) => [kid, key]));
  }

  current(kid: string): KeyObject | undefined {
    return this.keys.get(kid);
  }

  async find(kid: string): Promise<KeyObject> {
    const key = this.current(kid);
    if (key === undefined) throw new TokenRejected('key_unknown', kid);
    return key;
  }

  close(): void {}
}
