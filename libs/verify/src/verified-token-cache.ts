import { hash, type KeyObject } from 'node:crypto';
import type { KeySource } from './keys/key-source.js';
import type { VerifiedToken } from './principal.js';
import type { UnverifiedToken } from './token/unverified-token.js';

interface CacheEntry {
  readonly token: VerifiedToken;
  readonly keys: KeySource;
  readonly key: KeyObject;
}

const CAPACITY = 10_000;

/**
 * Verified tokens by their SHA-256, so that a signature is verified once and not at each request. What may change while a
 * token is valid is not cached here: sessions and accounts are checked at each request.
 */
export class VerifiedTokenCache {
  /** Oldest first. */
  private readonly tokens = new Map<string, CacheEntry>();

  /** Null also where the token has expired, or its issuer has withdrawn the key: the token is then verified again. */
  get(raw: string): VerifiedToken | null {
    const digest = digestOf(raw);
    const known = this.tokens.get(digest);
    if (known === undefined) return null;
    const { token, keys, key } = known;
    if (Date.now() < token.expiresAt * 1_000 && keys.current(token.reference.keyId) === key) return token;
    this.tokens.delete(digest);
    return null;
  }

  set({ raw, keys, key }: UnverifiedToken, token: VerifiedToken): void {
    this.tokens.set(digestOf(raw), { token, keys, key });
    if (this.tokens.size > CAPACITY) this.tokens.delete(this.tokens.keys().next().value as string);
  }

  clear(): void {
    this.tokens.clear();
  }
}

const digestOf = (raw: string): string => hash('sha256', raw, 'base64');
