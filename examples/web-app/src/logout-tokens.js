import { createRemoteJWKSet, jwtVerify } from 'jose';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Verifies logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.6). */
export function logoutTokenVerifier(provider) {
  const { issuer, jwks_uri } = provider.serverMetadata();
  const { client_id: audience } = provider.clientMetadata();
  const keys = createRemoteJWKSet(new URL(jwks_uri));
  return async (token) => {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience,
      typ: 'logout+jwt',
      maxTokenAge: 120,
      requiredClaims: ['jti'],
    });
    const { events, nonce, sid, sub } = payload;
    if (typeof events?.[EVENT] !== 'object') throw new Error('This is not a logout token.');
    if (nonce !== undefined) throw new Error('A logout token has no nonce.');
    if (!sid && !sub) throw new Error('A logout token names a session or a user.');
    return { sid, sub };
  };
}
