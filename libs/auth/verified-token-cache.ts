import { hash, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { VerifiedToken } from './principal.js';
import type { TrustedIssuer } from './trusted-issuer.js';
import type { UnverifiedToken } from './unverified-token.js';

interface CacheEntry {
  readonly token: VerifiedToken;
  readonly issuer: TrustedIssuer;
  readonly key: KeyObject;
}

const CAPACITY = 10_000;

/**
 * Verified tokens by their SHA-256, so that a signature is verified once and not at each request. Sessions and accounts
 * are not cached here: the resolver checks them at each request.
 */
@Injectable()
export class VerifiedTokenCache {
  /** Oldest first. */
  private readonly tokens = new Map<string, CacheEntry>();

  /** Null also where the token has expired, or its issuer has withdrawn the key: the token is then verified again. */
  get(raw: string): VerifiedToken | null {
    const digest = digestOf(raw);
    const known = this.tokens.get(digest);
    if (known === undefined) return null;
    const { token, issuer, key } = known;
    if (Date.now() < token.expiresAt * 1_000 && issuer.keys.current(token.kid) === key) return token;
    this.tokens.delete(digest);
    return null;
  }

  set({ raw, issuer, key }: UnverifiedToken, token: VerifiedToken): void {
    this.tokens.set(digestOf(raw), { token, issuer, key });
    if (this.tokens.size > CAPACITY) this.tokens.delete(this.tokens.keys().next().value as string);
  }
}

const digestOf = (raw: string): string => hash('sha256', raw, 'base64');
