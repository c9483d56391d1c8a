import type { KeyObject } from 'node:crypto';
import { TokenRejected } from './token-rejected.js';

/** The public keys of one issuer. A key stays the same object as long as the issuer publishes it. */
export interface KeySource {
  /** The valid key with this id, without a request to the issuer. */
  current(kid: string): KeyObject | undefined;
  /**
   * The same, with a request to the issuer where the key is not known.
   * @throws TokenRejected `key_unknown`: the issuer has no such key
   * @throws ApiError 503: the issuer is not available, so that the key may exist
   */
  find(kid: string): Promise<KeyObject>;
  /** Stops background requests. */
  close(): void;
}

/** Keys from the settings. They can be replaced, as a whole. */
export class StaticKeys implements KeySource {
  private keys: ReadonlyMap<string, KeyObject>;

  constructor(keys: readonly { kid: string; key: KeyObject }[]) {
    this.keys = mapOf(keys);
  }

  replace(keys: readonly { kid: string; key: KeyObject }[]): void {
    this.keys = mapOf(keys);
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

const mapOf = (keys: readonly { kid: string; key: KeyObject }[]): ReadonlyMap<string, KeyObject> =>
  new Map(keys.map(({ kid, key }) => [kid, key]));
