import { hash } from 'node:crypto';

/** What an entry of the feed can name. */
export type EntryKind = 'session' | 'subject' | 'key';

/**
 * The identifier of an entry: 43 characters, the base64url SHA-256 of `{iss}|{kind}|{id}`. It tells nothing to a reader who
 * does not have the token.
 * @param issuer the `iss` claim
 * @param id the `sid` or `sub` claim, or the `kid` of the token's header
 */
export const entryId = (issuer: string, kind: EntryKind, id: string): string =>
  hash('sha256', `${issuer}|${kind}|${id}`, 'base64url');
