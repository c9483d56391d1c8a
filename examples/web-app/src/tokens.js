import * as oidc from 'openid-client';

/** Tokens are renewed this long before they expire (ms). */
const MARGIN = 30_000;

/** What a session keeps of a token response. */
export const tokensOf = (response) => ({
  accessToken: response.access_token,
  refreshToken: response.refresh_token,
  idToken: response.id_token,
  expiresAt: Date.now() + response.expires_in * 1000,
});

/**
 * The session's access token, renewed if it expires soon. Requests at the same time share one renewal, because a refresh
 * token works once.
 * @throws oidc.ResponseBodyError `invalid_grant`, if the session has ended at the issuer
 */
export async function accessTokenOf(session, provider) {
  if (session.tokens.expiresAt - Date.now() > MARGIN) return session.tokens.accessToken;
  session.renewal ??= renew(session, provider).finally(() => {
    session.renewal = undefined;
  });
  await session.renewal;
  return session.tokens.accessToken;
}

async function renew(session, provider) {
  const renewed = await oidc.refreshTokenGrant(provider, session.tokens.refreshToken);
  session.tokens = { ...session.tokens, ...tokensOf({ id_token: session.tokens.idToken, ...renewed }) };
}
