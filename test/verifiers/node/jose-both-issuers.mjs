import { text } from 'node:stream/consumers';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';

/** [{ "issuer": "…", "audience": "…", "jwksUrl": "…", "typ": "at+jwt" }, …] */
const trusted = JSON.parse(process.env.TRUSTED_ISSUERS);
const verifiers = new Map(
  trusted.map(({ jwksUrl, ...rules }) => {
    const keys = createRemoteJWKSet(new URL(jwksUrl));
    return [rules.issuer, (token) => jwtVerify(token, keys, { ...rules, algorithms: ['RS256'] })];
  }),
);

const token = await text(process.stdin);
// Not verified yet: it only selects the keys and the rules. Nothing is fetched for an issuer that is not trusted.
const verify = verifiers.get(decodeJwt(token).iss);
if (!verify) throw new Error('The issuer is not trusted.');
const { payload } = await verify(token);
console.log(payload.sub);
