/** Why a token was refused. Stable: tests, logs and the metric read it; a client never sees it. */
export type RejectionReason =
  // the request
  | 'credentials_repeated'
  | 'credentials_malformed'
  // the token's form (RFC 7515)
  | 'too_large'
  | 'malformed'
  | 'algorithm'
  | 'header_parameter'
  | 'key_id'
  | 'type'
  // the proof
  | 'issuer_unknown'
  | 'key_unknown'
  | 'signature'
  // the claims (RFC 7519)
  | 'token_use'
  | 'subject'
  | 'audience'
  | 'expiry'
  | 'expired'
  | 'not_before'
  | 'issued_at'
  | 'lifetime'
  // what a resolver finds
  | 'session_ended';

/** The token is no good: 401. Reason and detail go to the logs alone. */
export class TokenRejected extends Error {
  override readonly name = 'TokenRejected';

  constructor(
    readonly reason: RejectionReason,
    /** What was found in place of what was expected; it may come from an attacker, so log it with `printable`. */
    readonly detail?: unknown,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

const MAX_PRINTED = 100;

/** Foreign text for a log: short, and everything but printable ASCII escaped, so that no line or terminal is forged. */
export function printable(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const short = text.length > MAX_PRINTED ? `${text.slice(0, MAX_PRINTED)}...(${text.length})` : text;
  return short.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
