import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { jwk } from 'hono/jwk';

const { ISSUER, AUDIENCE, JWKS_URL, TOKEN_TYPE, PORT } = process.env;

const app = new Hono();
app.use(
  jwk({
    jwks_uri: JWKS_URL,
    alg: ['RS256'],
    verification: { iss: ISSUER, aud: AUDIENCE, typ: TOKEN_TYPE },
  }),
);
app.get('/', (context) => context.text(context.get('jwtPayload').sub));
serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' });
