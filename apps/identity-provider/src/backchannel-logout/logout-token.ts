import { isStorable } from '#libs/core/ids.js';
import { unavailable } from '#libs/http/replies/api-error.js';
import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import type { TrustedIssuers } from '#libs/verify/src/issuers/trusted-issuers.js';
import { decodeToken, isObject, type JsonObject } from '#libs/verify/src/token/compact-token.js';
import { assertSigned } from '#libs/verify/src/token/signature.js';
import { checkHeader } from '#libs/verify/src/token/token-header.js';
import { TokenError } from '#libs/verify/src/token-error.js';

/** A verified logout token: it ends `sessionId`, or without one every session of `subject`. */
export interface LogoutToken {
  readonly issuer: TrustedIssuer;
  readonly id: string;
  readonly subject: string | null;
  readonly sessionId: string | null;
  /** Seconds since the epoch, as `expiresAt`. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Why a logout token was refused: stable codes for logs and tests. Clients do not see them. */
export type LogoutRefusal =
  | 'missing'
  | 'malformed'
  | 'algorithm'
  | 'header_parameter'
  | 'key_id'
  | 'key_unknown'
  | 'type'
  | 'issuer_unknown'
  | 'signature'
  | 'audience'
  | 'times'
  | 'token_id'
  | 'events'
  | 'nonce'
  | 'target'
  | 'replayed';

/** The logout token is refused, and nothing has ended. */
export class LogoutTokenRefused extends Error {
  override readonly name = 'LogoutTokenRefused';

  constructor(
    readonly reason: LogoutRefusal,
    /** The unexpected value. It may come from an attacker: log it with `printable`. */
    readonly detail?: unknown,
  ) {
    super(reason);
  }
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
/** RFC 8725, section 3.11. As measured, Keycloak 26.7 sets it too, and `Logout` as the claim `typ`. */
const HEADER_TYPE = 'logout+jwt';
const TOKEN_USE = 'Logout';
/** For differences between clocks. */
const LEEWAY_SECONDS = 30;
/** Keycloak's logout tokens live two minutes, as section 2.4 recommends. */
const MAX_LIFETIME_SECONDS = 600;
const MAX_LENGTH = 16 * 1024;
const MAX_TEXT_LENGTH = 255;

/**
 * Validates a logout token: OpenID Connect Back-Channel Logout 1.0, section 2.6, and RFC 8725.
 * @param clients the values of `aud` that are accepted: the client ids whose logouts are Twinkey's concern
 * @param now seconds since the epoch
 * @throws LogoutTokenRefused
 * @throws ApiError 503 where the issuer's keys are not available
 */
export async function verifyLogoutToken(
  raw: string,
  issuers: TrustedIssuers,
  { clients, now }: { clients: readonly string[]; now: number },
): Promise<LogoutToken> {
  must(raw.length <= MAX_LENGTH, 'malformed', `${raw.length} characters`);
  const { issuer, claims } = await verifySignature(raw, issuers);
  const { typ, aud, iat, exp, jti, events, sub, sid } = claims;
  must(typ === undefined || typ === TOKEN_USE, 'type', typ);
  const audiences = Array.isArray(aud) ? aud : [aud];
  must(
    audiences.some((audience) => clients.includes(audience as string)),
    'audience',
    aud,
  );
  must(isTime(iat) && iat <= now + LEEWAY_SECONDS, 'times', { iat });
  must(isTime(exp) && exp > now - LEEWAY_SECONDS && exp >= iat, 'times', { exp });
  must(exp - iat <= MAX_LIFETIME_SECONDS, 'times', { iat, exp });
  must(isText(jti), 'token_id', jti);
  must(isObject(events) && Object.hasOwn(events, EVENT) && isObject(events[EVENT]), 'events', events);
  // An ID token may have one: without this check it could be sent in place of a logout token.
  must(!Object.hasOwn(claims, 'nonce'), 'nonce');
  must(sub === undefined || isText(sub), 'target', sub);
  must(sid === undefined || isText(sid), 'target', sid);
  must(sub !== undefined || sid !== undefined, 'target', 'neither sub nor sid');
  return {
    issuer,
    id: jti,
    subject: sub ?? null,
    sessionId: sid ?? null,
    issuedAt: iat,
    expiresAt: exp,
  };
}

/** Only a Keycloak realm's own keys, and only RS256. */
async function verifySignature(
  raw: string,
  issuers: TrustedIssuers,
): Promise<{ issuer: TrustedIssuer; claims: JsonObject }> {
  try {
    const { header, claims } = decodeToken(raw);
    const { kid, typ } = checkHeader(header);
    must(typ === HEADER_TYPE, 'type', typ);
    const trusted = issuers.find(claims.iss);
    must(trusted?.issuer.kind === 'keycloak', 'issuer_unknown', claims.iss);
    assertSigned({ raw, key: await trusted.keys.find(kid) });
    return { issuer: trusted.issuer, claims };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const { code, status, detail, retryAfterSeconds } = error;
    if (status === 503) throw unavailable(retryAfterSeconds ?? 1, code);
    throw new LogoutTokenRefused(code as LogoutRefusal, detail);
  }
}

function must(condition: boolean, reason: LogoutRefusal, found?: unknown): asserts condition {
  if (!condition) throw new LogoutTokenRefused(reason, found);
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const isText = (value: unknown): value is string =>
  typeof value === 'string' &&
  value.trim() !== '' &&
  value.length <= MAX_TEXT_LENGTH &&
  !/\p{Cc}/u.test(value) &&
  isStorable(value);
