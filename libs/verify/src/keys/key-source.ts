import type { KeyObject } from 'node:crypto';
import { TokenError } from '../token-error.js';
import { isStrong } from './strong-key.js';

/** A public key and its id. */
export interface PublicKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The public keys of one issuer. A key stays the same object as long as the issuer publishes it. */
export interface KeySource {
  /** Milliseconds since the keys were last fetched; infinite where they never were. */
  readonly ageMs: number;
  /** The valid key with this id, without a request to the issuer. */
  current(kid: string): KeyObject | undefined;
  /**
   * The same, with a request to the issuer where the key is not known.
   * @throws TokenError `key_unknown`: the issuer has no such key; `keys_unavailable`: the issuer is not available, so that
   *   the key may exist
   */
  find(kid: string): Promise<KeyObject>;
  /** Stops background requests. */
  close(): void;
}

/** Keys that are given and never fetched. */
export class StaticKeys implements KeySource {
  readonly ageMs = Number.POSITIVE_INFINITY;
  private readonly keys: ReadonlyMap<string, KeyObject>;

  /** @throws Error for a key that cannot verify RS256 safely, or a kid that occurs twice */
  constructor(keys: readonly PublicKey[]) {
    this.keys = new Map(keys.map(({ kid, key }) => [kid, key]));
    if (this.keys.size !== keys.length) throw new Error('Two keys have the same kid.');
    const weak = keys.find(({ key }) => !isStrong(key));
    if (weak)
      throw new Error(`The key ${weak.kid} is not a public RSA key of at least 2048 bits, e = 65537.`);
  }

  current(kid: string): KeyObject | undefined {
    return this.keys.get(kid);
  }

  async find(kid: string): Promise<KeyObject> {
    const key = this.current(kid);
    if (key === undefined) throw new TokenError('key_unknown', kid);
    return key;
  }

  close(): void {}
}
