import express from 'express';
import * as oidc from 'openid-client';
import { logoutTokenVerifier } from './logout-tokens.js';
import { page } from './page.js';
import { Sessions } from './sessions.js';
import { accessTokenOf, tokensOf } from './tokens.js';

/** @param options.origin of this application, @param options.api what it shows to signed-in users */
export function createApp({ provider, origin, api }) {
  const app = express();
  app.disable('x-powered-by');
  const sessions = new Sessions();
  const verifyLogoutToken = logoutTokenVerifier(provider);

  const isSecure = origin.startsWith('https:');
  const name = isSecure ? '__Host-session' : 'session';
  const cookie = { httpOnly: true, sameSite: 'lax', secure: isSecure, path: '/' };
  const sessionId = ({ headers }) => new RegExp(`(?:^|; )${name}=([\\w-]+)`).exec(headers.cookie ?? '')?.[1];

  app.get('/health', (_request, response) => response.json({ status: 'ok' }));

  app.get('/', (request, response) => response.send(page(sessions.find(sessionId(request))?.user)));

  app.get('/login', async (_request, response) => {
    const pending = {
      verifier: oidc.randomPKCECodeVerifier(),
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
    };
    response.cookie(name, sessions.create({ pending }), cookie);
    const url = oidc.buildAuthorizationUrl(provider, {
      redirect_uri: `${origin}/callback`,
      scope: 'openid profile email',
      code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
      state: pending.state,
      nonce: pending.nonce,
    });
    response.redirect(url.href);
  });

  app.get('/callback', async (request, response) => {
    const { pending } = sessions.find(sessionId(request)) ?? {};
    if (!pending) return response.redirect('/login');
    const answer = await oidc.authorizationCodeGrant(provider, new URL(request.url, origin), {
      pkceCodeVerifier: pending.verifier,
      expectedState: pending.state,
      expectedNonce: pending.nonce,
    });
    // A new id: the one from before the sign-in could be known to somebody else.
    sessions.delete(sessionId(request));
    const { sub, sid, email } = answer.claims();
    response.cookie(name, sessions.create({ user: { sub, sid, email }, tokens: tokensOf(answer) }), cookie);
    response.redirect('/');
  });

  app.get('/profile', async (request, response) => {
    const session = sessions.find(sessionId(request));
    if (!session?.user) return response.redirect('/login');
    try {
      const headers = { authorization: `Bearer ${await accessTokenOf(session, provider)}` };
      const answer = await fetch(api, { headers });
      if (answer.ok) return response.json(await answer.json());
      if (answer.status !== 401) return response.status(502).send('The API does not answer.');
    } catch (error) {
      if (error.error !== 'invalid_grant') throw error;
    }
    // The session has ended at the issuer.
    sessions.delete(sessionId(request));
    response.redirect('/login');
  });

  app.post('/logout', (request, response) => {
    const id = sessionId(request);
    const session = sessions.find(id);
    sessions.delete(id);
    response.clearCookie(name, cookie);
    if (!session?.tokens) return response.redirect('/');
    const parameters = {
      id_token_hint: session.tokens.idToken,
      post_logout_redirect_uri: `${origin}/`,
    };
    response.redirect(oidc.buildEndSessionUrl(provider, parameters).href);
  });

  app.post('/backchannel-logout', express.urlencoded({ extended: false }), async (request, response) => {
    response.set('cache-control', 'no-store');
    try {
      sessions.end(await verifyLogoutToken(request.body?.logout_token));
      response.status(200).end();
    } catch {
      response.status(400).json({ error: 'invalid_request' });
    }
  });

  return app;
}
