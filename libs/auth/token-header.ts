import type { JsonObject } from './compact-token.js';
import { TokenRejected } from './token-rejected.js';

/** The members of a header (RFC 7515, section 4.1) that matter to us. */
export interface TokenHeader {
  readonly kid: string;
  readonly typ: unknown;
}

/**
 * Whatever would have us take a key from the token itself (`jwk`, `jku`, `x5u`, `x5c`), treat the payload in another
 * way (`b64`, `zip`, `cty`, `enc`), or understand an extension (`crit`): we understand none, and a good token has none.
 */
const REFUSED = ['jwk', 'jku', 'x5u', 'x5c', 'b64', 'zip', 'cty', 'enc', 'crit'];
const MAX_KID_LENGTH = 255;

/**
 * The first thing that is looked at, before an issuer, a key or the network.
 * @throws TokenRejected `algorithm`, `header_parameter`, `key_id`
 */
export function checkHeader(header: JsonObject): TokenHeader {
  // RFC 8725, section 3.1: the one algorithm that we sign and verify with, whatever the token proposes.
  if (header.alg !== 'RS256') throw new TokenRejected('algorithm', header.alg);
  for (const name of REFUSED) {
    if (Object.hasOwn(header, name)) throw new TokenRejected('header_parameter', name);
  }
  const { kid, typ } = header;
  if (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID_LENGTH) {
    throw new TokenRejected('key_id', kid);
  }
  return { kid, typ };
}
