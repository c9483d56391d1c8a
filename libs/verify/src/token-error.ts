/** The stable codes of refused tokens, with the text of each error. No text contains a part of the token. */
const MESSAGES = {
  // the request
  credentials_absent: 'There are no credentials.',
  credentials_repeated: 'There is more than one Authorization header.',
  credentials_malformed: 'The Authorization header is not a bearer token.',
  // the token's form (RFC 7515)
  too_large: 'The token is too long.',
  malformed: 'The token is not a JWS in compact serialization.',
  algorithm: 'The token is not signed with RS256.',
  header_parameter: 'The header of the token has a parameter that is not supported.',
  key_id: 'The header of the token names no key.',
  type: 'The token has another type than an access token of its issuer.',
  // the signature and its key
  issuer_unknown: 'The issuer of the token is not trusted.',
  key_unknown: 'The issuer of the token has no such key.',
  signature: 'The signature of the token is not valid.',
  // the claims (RFC 7519)
  token_use: 'The token is not an access token.',
  subject: 'The token has no valid subject.',
  audience: 'The token is for another audience.',
  expiry: 'The token has no valid expiry time.',
  expired: 'The token has expired.',
  not_before: 'The token is not valid yet.',
  issued_at: 'The token has no valid issue time.',
  lifetime: 'The token is valid for too long.',
  // what changed after the token was signed
  session_ended: 'The session of the token has ended.',
  subject_ended: 'The subject of the token can no longer sign in.',
  key_withdrawn: 'The key of the token has been withdrawn.',
  // nothing is wrong with the token, as far as is known
  keys_unavailable: 'The keys of the issuer are not available.',
  authority_unknown: 'It is not known whether the token has been revoked.',
  closed: 'The verifier is closed.',
} as const;

/** Why a token was refused. Clients of a service do not see it: for logs, metrics and tests. */
export type TokenErrorCode = keyof typeof MESSAGES;

const UNAVAILABLE: ReadonlySet<TokenErrorCode> = new Set(['keys_unavailable', 'authority_unknown', 'closed']);

export interface TokenErrorOptions extends ErrorOptions {
  /** When a try can succeed again, for the codes with status 503; by default 1. */
  readonly retryAfterSeconds?: number;
}

/** A token is refused, or cannot be verified now. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  /** Private: printing the error must not print a part of the token. */
  readonly #detail: unknown;
  /** Seconds until a try can succeed, where `status` is 503; else null. */
  readonly retryAfterSeconds: number | null;

  /** @param detail the unexpected value, which may come from an attacker */
  constructor(
    readonly code: TokenErrorCode,
    detail?: unknown,
    { retryAfterSeconds = 1, ...options }: TokenErrorOptions = {},
  ) {
    super(MESSAGES[code], options);
    this.#detail = detail;
    this.retryAfterSeconds = this.status === 503 ? retryAfterSeconds : null;
  }

  /** 503 where the token may be valid and only cannot be verified now. */
  get status(): 401 | 503 {
    return UNAVAILABLE.has(this.code) ? 503 : 401;
  }

  /** The unexpected value, shortened and escaped for a log: it may be a part of the token. */
  get detail(): string | undefined {
    return this.#detail === undefined ? undefined : printable(this.#detail);
  }
}

const MAX_PRINTED = 100;

/** Makes untrusted text safe for a log: shortened, with everything but printable ASCII escaped. */
export function printable(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const short = text.length > MAX_PRINTED ? `${text.slice(0, MAX_PRINTED)}...(${text.length})` : text;
  return short.replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
