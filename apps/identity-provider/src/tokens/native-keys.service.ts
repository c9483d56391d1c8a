import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { NativeKeys } from '#libs/config/key-updates.js';
import type { PublicKey } from '#libs/config/keys.js';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import { SETTINGS } from '../settings.js';

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
export class NativeKeysService {
  private configured: NativeKeys;
  private withdrawn: ReadonlySet<string> = new Set();
  private state: State;
  private readonly listeners = new Set<() => void>();

  constructor(
    @Inject(SETTINGS) { signing, keyUpdates }: Pick<IdentityProviderSettings, 'signing' | 'keyUpdates'>,
  ) {
    this.configured = signing;
    this.state = this.stateOf(signing);
    keyUpdates?.subscribe((keys) => this.replace(keys, this.withdrawn));
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

  /** Signs, verifies and publishes without these keys from now on. @param kids of all withdrawn keys */
  withdraw(kids: ReadonlySet<string>): void {
    this.replace(this.configured, kids);
  }

  /** @param listener is called after each change */
  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  private replace(configured: NativeKeys, withdrawn: ReadonlySet<string>): void {
    this.configured = configured;
    this.withdrawn = withdrawn;
    this.state = this.stateOf(configured);
    for (const listener of this.listeners) listener();
  }

  private stateOf({ kid, privateKey, publicKeys }: NativeKeys): State {
    const usable = publicKeys.filter((key) => !this.withdrawn.has(key.kid));
    return {
      signing: privateKey && !this.withdrawn.has(kid) ? { kid, privateKey } : null,
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
