import { UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { ApiError, call } from './api.js';
import { config } from './config.js';

/** The signed-in user's session, the same type for both issuers. */
export interface Session {
  issuer: 'keycloak' | 'native';
  token: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

const NATIVE_SESSION = 'twinkey.session';

/** Authorization code with PKCE. Tokens are stored in this tab only and are deleted when it closes. */
const keycloak = new UserManager({
  authority: `${config.keycloak.url}/realms/${encodeURIComponent(config.keycloak.realm)}`,
  client_id: config.keycloak.client,
  redirect_uri: `${location.origin}/`,
  post_logout_redirect_uri: `${location.origin}/`,
  scope: 'openid profile email',
  userStore: new WebStorageStateStore({ store: sessionStorage }),
});

export const signInWithKeycloak = (): Promise<void> => keycloak.signinRedirect();

/** After the redirect from Keycloak: exchanges the code for tokens, and removes it from the address bar. */
export async function finishKeycloakSignIn(): Promise<void> {
  const query = new URLSearchParams(location.search);
  if (!query.has('state') || !(query.has('code') || query.has('error'))) return;
  try {
    await keycloak.signinRedirectCallback();
  } finally {
    history.replaceState(null, '', '/');
  }
}

interface IssuedToken {
  token: string;
  expiresAt: string;
}

export async function signInNatively(email: string, password: string): Promise<void> {
  const url = `${config.identityProvider}/api/v1/auth/login`;
  const { token, expiresAt } = await call<IssuedToken>('POST', url, null, { email, password }).catch(
    toLoginError,
  );
  const session: Session = { issuer: 'native', token, expiresAt: Date.parse(expiresAt) };
  sessionStorage.setItem(NATIVE_SESSION, JSON.stringify(session));
}

/** The message does not say which of the two is wrong. */
function toLoginError(error: unknown): never {
  if (!(error instanceof ApiError) || error.status !== 401) throw error;
  throw new ApiError(401, 'The email or the password is wrong.', error.entries);
}

/** The session of this tab, or null. Keycloak's session is renewed in the background with its refresh token. */
export async function findSession(): Promise<Session | null> {
  const stored = sessionStorage.getItem(NATIVE_SESSION);
  if (stored) return unlessExpired(JSON.parse(stored) as Session);
  const user = await keycloak.getUser();
  if (!user?.expires_at) return null;
  return unlessExpired({ issuer: 'keycloak', token: user.access_token, expiresAt: user.expires_at * 1_000 });
}

const unlessExpired = (session: Session): Session | null => (session.expiresAt > Date.now() ? session : null);

/** Deletes the session in this tab without calling its issuer: it has already ended. */
export async function forgetSession(): Promise<void> {
  sessionStorage.removeItem(NATIVE_SESSION);
  await keycloak.removeUser();
}

/** Ends the session at its issuer. With Keycloak, the browser leaves the page. */
export async function signOut({ issuer, token }: Session): Promise<void> {
  if (issuer === 'keycloak') return keycloak.signoutRedirect();
  await forgetSession();
  await call('POST', `${config.identityProvider}/api/v1/auth/logout`, token);
}
