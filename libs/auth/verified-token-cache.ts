import { hash, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { UnverifiedToken } from './unverified-token.js';
import type { VerifiedToken } from './principal.js';
import type { TrustedIssuer } from './trusted-issuer.js';

interface Remembered {
  readonly token: VerifiedToken;
  readonly issuer: TrustedIssuer;
  readonly key: KeyObject;
}

const CAPACITY = 10_000;

/**
 * Tokens that have proved themselves, by their SHA-256: the signature of one is checked once, not at each request.
 * It says nothing about sessions or accounts: those are the resolver's, at every request.
 */
@Injectable()
export class VerifiedTokenCache {
  /** In the order of their coming. */
  private readonly tokens = new Map<string, Remembered>();

  /** Null also once the token has expired, or its key is no more its issuer's: what holds then is looked at anew. */
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
