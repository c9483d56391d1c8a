import type { TokenReference } from '../authority-state.js';
import { type EntryKind, entryId } from './entry-id.js';

type Digests = Partial<Record<EntryKind, string>>;

/**
 * The identifiers of the entries that can concern a token. One token has one reference for as long as it is cached, so each
 * digest is computed once.
 */
export class TokenDigests {
  private readonly known = new WeakMap<object, Digests>();

  /** Null where the token has no session. */
  session(reference: Pick<TokenReference, 'issuer' | 'sessionId'>): string | null {
    return reference.sessionId === null ? null : this.of(reference, 'session', reference.sessionId);
  }

  subject(reference: Pick<TokenReference, 'issuer' | 'subject'>): string {
    return this.of(reference, 'subject', reference.subject);
  }

  key(reference: Pick<TokenReference, 'issuer' | 'keyId'>): string {
    return this.of(reference, 'key', reference.keyId);
  }

  private of(reference: Pick<TokenReference, 'issuer'>, kind: EntryKind, id: string): string {
    let digests = this.known.get(reference);
    if (digests === undefined) {
      digests = {};
      this.known.set(reference, digests);
    }
    digests[kind] ??= entryId(reference.issuer, kind, id);
    return digests[kind];
  }
}
