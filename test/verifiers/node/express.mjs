import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';

const { ISSUER, AUDIENCE, JWKS_URL, TOKEN_TYPE, PORT } = process.env;

const app = express();
app.use(
  auth({
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUri: JWKS_URL,
    tokenSigningAlg: 'RS256',
    // RFC 9068: the type at+jwt and the claim client_id, which Keycloak's tokens do not have.
    strict: TOKEN_TYPE === 'at+jwt',
  }),
);
app.get('/', (request, response) => response.send(request.auth.payload.sub));
app.listen(PORT, '127.0.0.1');
