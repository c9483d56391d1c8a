import fastifyJwt from '@fastify/jwt';
import fastify from 'fastify';
import buildGetJwks from 'get-jwks';

const { ISSUER, AUDIENCE, JWKS_URL, TOKEN_TYPE, PORT } = process.env;

const { origin, pathname } = new URL(JWKS_URL);
const jwks = buildGetJwks({ jwksPath: pathname });

const app = fastify();
app.register(fastifyJwt, {
  decode: { complete: true },
  // Not the token's `iss` as domain: that would fetch keys from wherever a token says.
  secret: (_request, { header: { kid, alg } }) => jwks.getPublicKey({ domain: origin, kid, alg }),
  verify: {
    algorithms: ['RS256'],
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
    checkTyp: TOKEN_TYPE.toLowerCase(),
    requiredClaims: ['exp', 'sub'],
  },
});
app.addHook('onRequest', (request) => request.jwtVerify());
app.get('/', (request) => request.user.sub);
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
