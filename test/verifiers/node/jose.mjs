import { text } from 'node:stream/consumers';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { ISSUER, AUDIENCE, JWKS_URL, TOKEN_TYPE } = process.env;

const keys = createRemoteJWKSet(new URL(JWKS_URL));
const token = await text(process.stdin);
const { payload } = await jwtVerify(token, keys, {
  issuer: ISSUER,
  audience: AUDIENCE,
  typ: TOKEN_TYPE,
  algorithms: ['RS256'],
  requiredClaims: ['exp', 'sub'],
});
console.log(payload.sub);
