import { createHash, randomBytes } from 'node:crypto';
import { requestTokens, type TokenSet } from './keycloak-tokens.js';

export interface CodeFlow {
  /** `{url}/realms/{realm}` */
  issuer: string;
  clientId: string;
  redirectUri: string;
  scope?: string;
  /** False sends no PKCE challenge. */
  pkce?: boolean;
}

/**
 * Signs a user in as a browser does: authorization code with PKCE (RFC 7636, S256), with Keycloak's login page and its
 * cookies. Throws if Keycloak shows a page or redirects with an error instead of returning a code.
 */
export async function signInWithCode(
  flow: CodeFlow,
  credentials: { username: string; password: string },
): Promise<TokenSet> {
  const verifier = randomBytes(32).toString('base64url');
  const login = await openLoginPage(flow, verifier);
  const answer = await fetch(login.action, {
    method: 'POST',
    headers: { cookie: login.cookies },
    body: new URLSearchParams(credentials),
    redirect: 'manual',
  });
  const { code } = readRedirect(answer, flow.redirectUri);
  return requestTokens(flow.issuer, {
    grant_type: 'authorization_code',
    client_id: flow.clientId,
    redirect_uri: flow.redirectUri,
    code,
    ...(flow.pkce === false ? {} : { code_verifier: verifier }),
  });
}

/** The page's text, its form's target URL, and the cookies to send with the form. */
export async function openLoginPage(
  flow: CodeFlow,
  verifier: string,
): Promise<{ html: string; action: string; cookies: string }> {
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const pkce = { code_challenge: challenge, code_challenge_method: 'S256' };
  const query = new URLSearchParams({
    client_id: flow.clientId,
    redirect_uri: flow.redirectUri,
    response_type: 'code',
    scope: flow.scope ?? 'openid',
    state: randomBytes(8).toString('hex'),
    ...(flow.pkce === false ? {} : pkce),
  });
  const page = await fetch(`${flow.issuer}/protocol/openid-connect/auth?${query}`, { redirect: 'manual' });
  if (page.status !== 200) {
    readRedirect(page, flow.redirectUri);
  }
  const html = await page.text();
  const action = /<form[^>]*\baction="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&');
  if (!action) {
    throw new Error('Keycloak shows no login form');
  }
  const cookies = page.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  return { html, action, cookies: cookies.join('; ') };
}

function readRedirect(answer: Response, redirectUri: string): { code: string } {
  const location = answer.headers.get('location');
  if (!location?.startsWith(redirectUri)) {
    throw new Error(`Keycloak does not redirect to the application, but answers ${answer.status}`);
  }
  const parameters = new URL(location).searchParams;
  const code = parameters.get('code');
  if (!code) {
    throw new Error(`${parameters.get('error')}: ${parameters.get('error_description')}`);
  }
  return { code };
}
