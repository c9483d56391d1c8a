import * as oidc from 'openid-client';
import type { OauthClient } from '#libs/database/identity/oauth-client.entity.js';
import { CALLBACK, PASSWORD, type TestOpenIdProvider } from './openid-provider.js';
import { WebBrowser } from './web-browser.js';

/** openid-client, configured by discovery alone. @param secret of a confidential client */
export const discover = (issuer: string, client: OauthClient, secret?: string): Promise<oidc.Configuration> =>
  oidc.discovery(
    new URL(issuer),
    client.clientId,
    undefined,
    secret === undefined ? oidc.None() : oidc.ClientSecretBasic(secret),
    { execute: [oidc.allowInsecureRequests] },
  );

export interface StartedSignIn {
  /** The authorization request. */
  url: string;
  verifier: string;
  finish(callback: string): ReturnType<typeof oidc.authorizationCodeGrant>;
}

/** Starts a sign-in with PKCE, state and nonce. */
export async function startSignIn(
  config: oidc.Configuration,
  parameters: Record<string, string> = {},
): Promise<StartedSignIn> {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: 'openid profile email',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...parameters,
  });
  const finish = (callback: string) =>
    oidc.authorizationCodeGrant(config, new URL(callback), {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      ...(parameters['max_age'] === undefined ? {} : { maxAge: Number(parameters['max_age']) }),
    });
  return { url: url.href, verifier, finish };
}

/** Signs a person in through the pages, in a new browser unless one is given. */
export async function signInThroughPages(
  provider: TestOpenIdProvider,
  client: OauthClient,
  email: string,
  { secret, browser = new WebBrowser(provider.issuer) }: { secret?: string; browser?: WebBrowser } = {},
) {
  const config = await discover(provider.issuer, client, secret);
  const { url, finish } = await startSignIn(config);
  const page = await browser.get(url);
  const callback = page.html === '' ? page : await browser.submit(page, { email, password: PASSWORD });
  const tokens = await finish(callback.url);
  return { config, browser, tokens, callback: callback.url };
}
