import type { KeyObject } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import type { NativeKeys } from '#libs/config/key-updates.js';
import type { PublicKey } from '#libs/config/keys.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import type { KeySource } from '#libs/verify/src/keys/key-source.js';
import { TokenError } from '#libs/verify/src/token-error.js';
import { SETTINGS } from '../settings.js';
import { WithdrawnKeysService } from './withdrawn-keys.service.js';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

interface State {
  readonly signing: SigningKey | null;
  readonly publicKeys: readonly PublicKey[];
  readonly byKid: ReadonlyMap<string, KeyObject>;
}

/**
 * The native keys that sign, verify and are published: those of the settings, as their file is now, without withdrawn
 * ones. They are replaced as a whole, so that a token is never signed with a key that is not published.
 */
@Injectable()
export class NativeKeysService implements KeySource {
  readonly ageMs = Number.POSITIVE_INFINITY;
  private configured: NativeKeys;
  private state: State;
  private readonly listeners = new Set<() => void>();

  constructor(
    @Inject(SETTINGS) { signing, keyUpdates }: Pick<IdentityProviderSettings, 'signing' | 'keyUpdates'>,
    @Optional() private readonly withdrawn?: WithdrawnKeysService,
  ) {
    this.configured = signing;
    this.state = this.stateOf(signing);
    keyUpdates?.subscribe((keys) => this.replace(keys));
    withdrawn?.onChange(() => this.replace(this.configured));
  }

  /** The keys in the JWKS, the signing key first. */
  get publicKeys(): readonly PublicKey[] {
    return this.state.publicKeys;
  }

  /** @throws ApiError 503 after the key was withdrawn, until another one is configured */
  get signing(): SigningKey {
    if (this.state.signing === null) throw unavailable(5, 'signing_key_withdrawn');
    return this.state.signing;
  }

  current(kid: string): KeyObject | undefined {
    return this.state.byKid.get(kid);
  }

  async find(kid: string): Promise<KeyObject> {
    const key = this.current(kid);
    if (key === undefined) throw new TokenError('key_unknown', kid);
    return key;
  }

  /** @param listener is called after each change */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  close(): void {}

  private replace(keys: NativeKeys): void {
    this.configured = keys;
    this.state = this.stateOf(keys);
    for (const listener of this.listeners) listener();
  }

  private stateOf({ kid, privateKey, publicKeys }: NativeKeys): State {
    const usable = publicKeys.filter((key) => !this.withdrawn?.has(key.kid));
    return {
      signing: privateKey && !this.withdrawn?.has(kid) ? { kid, privateKey } : null,
      publicKeys: usable,
      byKid: new Map(usable.map((key) => [key.kid, this.known(key)])),
    };
  }

  /** A key that stays is the same object, so that verified tokens stay in the cache. */
  private known({ kid, key, pem }: PublicKey): KeyObject {
    const before = this.state?.publicKeys.find((other) => other.kid === kid && other.pem === pem);
    return (before && this.state.byKid.get(kid)) ?? key;
  }
}
