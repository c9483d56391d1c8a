/** Why a token was refused: stable codes for tests, logs and the metric. Clients do not see them. */
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
  // the signature and its key
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
  // the session or account
  | 'session_ended';

/** The token is refused with 401. Only the logs have the reason and the detail. */
export class TokenRejected extends Error {
  override readonly name = 'TokenRejected';

  constructor(
    readonly reason: RejectionReason,
    /** The unexpected value. It may come from an attacker: log it with `printable`. */
    readonly detail?: unknown,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

const MAX_PRINTED = 100;

/** Makes untrusted text safe for a log: shortened, with everything but printable ASCII escaped. */
export function printable(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const short = text.length > MAX_PRINTED ? `${text.slice(0, MAX_PRINTED)}...(${text.length})` : text;
  return short.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
