import * as oidc from 'openid-client';

/** A token is replaced this long before it expires (ms). */
const MARGIN = 30_000;

/**
 * Gets access tokens by client credentials. One token serves all calls until shortly before it expires; calls at the same
 * time share one request.
 * @param {{ issuer: string, clientId: string, clientSecret: string }} client
 * @returns a function that gives the access token
 */
export function accessTokenSource({ issuer, clientId, clientSecret }) {
  const url = new URL(issuer);
  // Only an issuer on this machine may have no TLS.
  const execute = ['localhost', '127.0.0.1'].includes(url.hostname) ? [oidc.allowInsecureRequests] : [];
  let provider;
  let token = { expiresAt: 0 };
  let request;

  async function renew() {
    provider ??= await oidc.discovery(url, clientId, undefined, oidc.ClientSecretBasic(clientSecret), {
      execute,
    });
    const { access_token, expires_in } = await oidc.clientCredentialsGrant(provider);
    token = { accessToken: access_token, expiresAt: Date.now() + expires_in * 1000 };
  }

  return async () => {
    if (token.expiresAt - Date.now() <= MARGIN) {
      request ??= renew().finally(() => {
        request = undefined;
      });
      await request;
    }
    return token.accessToken;
  };
}
