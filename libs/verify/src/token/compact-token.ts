import { TokenError } from '../token-error.js';

/** In characters. Keycloak's tokens with hundreds of roles are nearly as long. */
export const MAX_TOKEN_LENGTH = 16 * 1024;

/** A JSON object from outside: its members may have any type. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Decoded, but not verified. */
export interface DecodedToken {
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

/**
 * Decodes the JWS compact serialization (RFC 7515, section 7.1), strictly.
 * Where a member is repeated, the last one counts, as in JSON.parse (RFC 7519, section 4).
 * @throws TokenError `malformed`
 */
export function decodeToken(token: string): DecodedToken {
  const parts = token.split('.');
  if (parts.length !== 3) throw new TokenError('malformed', `${parts.length} parts`);
  const [header, payload, signature] = parts as [string, string, string];
  decodePart(signature);
  return { header: parseObject(decodePart(header)), claims: parseObject(decodePart(payload)) };
}

/**
 * Base64url without padding (RFC 7515, section 2). Node's decoder is tolerant, so only the text that its encoder would
 * write is accepted: a token has one spelling.
 */
function decodePart(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (part === '' || bytes.toString('base64url') !== part) throw new TokenError('malformed', 'base64url');
  return bytes;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseObject(bytes: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(bytes));
  } catch {
    throw new TokenError('malformed', 'json');
  }
  if (!isObject(value)) throw new TokenError('malformed', 'not an object');
  return value;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
