import type { Principal } from '../principal.js';
import { TokenError } from '../token-error.js';
import type { Verifier } from '../token-verifier.js';
import { type BearerRequest, bearerToken } from './bearer.js';

/**
 * The caller of a request, by the token in its Authorization header.
 * @throws TokenError `credentials_absent` where there is no such header
 */
export async function authenticate(verifier: Verifier, request: BearerRequest): Promise<Principal> {
  const token = bearerToken(request);
  if (token === null) throw new TokenError('credentials_absent');
  return verifier.verify(token);
}
