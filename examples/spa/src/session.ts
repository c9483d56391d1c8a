import { ErrorResponse, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { type Authority, config } from './config.js';

/** The signed-in user's session, the same for every issuer. */
export interface Session {
  token: string;
}

const CHOSEN = 'example.authority';

/** Authorization code with PKCE. Tokens are stored in this tab only and are deleted when it closes. */
const managerOf = ({ url, clientId }: Authority): UserManager =>
  new UserManager({
    authority: url,
    client_id: clientId,
    redirect_uri: `${location.origin}/`,
    post_logout_redirect_uri: `${location.origin}/`,
    scope: 'openid profile email',
    userStore: new WebStorageStateStore({ store: sessionStorage }),
  });

const managers = new Map(config.authorities.map((authority) => [authority.name, managerOf(authority)]));

/** The authority that the user has chosen in this tab. */
const chosen = (): UserManager | undefined => managers.get(sessionStorage.getItem(CHOSEN) ?? '');

/** Leaves the page for the authority's sign-in page. */
export async function signIn(name: string): Promise<void> {
  sessionStorage.setItem(CHOSEN, name);
  await chosen()?.signinRedirect();
}

/** Back from the authority: exchanges the code for tokens, and removes it from the address bar. */
export async function finishSignIn(): Promise<void> {
  const query = new URLSearchParams(location.search);
  const isAnswer = query.has('state') && (query.has('code') || query.has('error'));
  try {
    if (isAnswer) await chosen()?.signinRedirectCallback();
  } finally {
    if (location.search !== '') history.replaceState(null, '', '/');
  }
}

/**
 * The session of this tab, or null. While the page is open, oidc-client-ts renews it in time with its refresh token; after a
 * pause, such as a closed laptop, this does it.
 */
export async function findSession(): Promise<Session | null> {
  const manager = chosen();
  const user = await manager?.getUser();
  if (!manager || !user) return null;
  if (!user.expired) return { token: user.access_token };
  const renewed = await manager.signinSilent().catch((error: unknown) => {
    // The issuer has ended the session. Other errors, such as a lost connection, are the caller's.
    if (error instanceof ErrorResponse) return null;
    throw error;
  });
  return renewed && { token: renewed.access_token };
}

/** Deletes the session in this tab without calling its issuer: it has already ended. */
export async function forgetSession(): Promise<void> {
  await chosen()?.removeUser();
  sessionStorage.removeItem(CHOSEN);
}

/** Ends the session at its issuer. The browser leaves the page and comes back. */
export const signOut = async (): Promise<void> => chosen()?.signoutRedirect();
