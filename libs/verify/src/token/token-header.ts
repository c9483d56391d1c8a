import { TokenError } from '../token-error.js';
import type { JsonObject } from './compact-token.js';

/** The members of a header (RFC 7515, section 4.1) that are used later. */
export interface TokenHeader {
  readonly kid: string;
  readonly typ: unknown;
}

/**
 * Parameters that bring a key with the token (`jwk`, `jku`, `x5u`, `x5c`), change how the payload is read (`b64`, `zip`,
 * `cty`, `enc`), or require an extension (`crit`). None of them is supported, and valid tokens have none.
 */
const REFUSED_PARAMETERS = ['jwk', 'jku', 'x5u', 'x5c', 'b64', 'zip', 'cty', 'enc', 'crit'];
const MAX_KID_LENGTH = 255;

/**
 * Checks the header first, before an issuer or a key is looked up.
 * @throws TokenError `algorithm`, `header_parameter`, `key_id`
 */
export function checkHeader(header: JsonObject): TokenHeader {
  // RFC 8725, section 3.1: only RS256 is accepted; the token does not choose the algorithm.
  if (header.alg !== 'RS256') throw new TokenError('algorithm', header.alg);
  for (const name of REFUSED_PARAMETERS) {
    if (Object.hasOwn(header, name)) throw new TokenError('header_parameter', name);
  }
  const { kid, typ } = header;
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_LENGTH) {
    throw new TokenError('key_id', kid);
  }
  return { kid, typ };
}
