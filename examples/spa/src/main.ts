import { ApiError } from './api.js';
import { changeOf, getProfile, type Profile, updateProfile } from './profile.js';
import {
  findSession,
  finishKeycloakSignIn,
  forgetSession,
  type Session,
  signInNatively,
  signInWithKeycloak,
  signOut,
} from './session.js';
import { elements, fillProfile, markWrongFields, notify, show } from './view.js';

const EXPIRED = 'Your session has ended. Sign in again.';

/** Runs an action of the user, and shows a message if it fails. */
async function attempt(work: () => Promise<void>): Promise<void> {
  notify(null);
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError)) return notify(error instanceof Error ? error.message : String(error));
    if (error.status === 401 && (await hadSession())) return signedOut(EXPIRED);
    if (error.status === 403) await forgetSession().then(() => show('sign-in'));
    markWrongFields(error.entries);
    notify(
      error.status === 503 ? `${error.message} Nothing is lost: save again in a moment.` : error.message,
    );
  }
}

const hadSession = async (): Promise<boolean> => (await findSession()) !== null;

async function signedOut(notice: string | null): Promise<void> {
  await forgetSession();
  show('sign-in');
  notify(notice);
}

let shown: Profile;
let expiry: ReturnType<typeof setTimeout>;

async function open(): Promise<void> {
  const session = await findSession();
  if (!session) return signedOut(null);
  shown = await getProfile(session);
  fillProfile(shown);
  show('profile');
  watchExpiry(session);
}

/** Keycloak's tokens are renewed before they expire; a native token is not, so the page shows when it has expired. */
function watchExpiry({ issuer, expiresAt }: Session): void {
  clearTimeout(expiry);
  if (issuer === 'keycloak') return;
  const longest = 2 ** 31 - 1;
  expiry = setTimeout(() => void signedOut(EXPIRED), Math.min(expiresAt - Date.now(), longest));
}

async function requireSession(): Promise<Session> {
  const session = await findSession();
  if (!session) throw new ApiError(401, EXPIRED, []);
  return session;
}

elements.keycloak.addEventListener('click', () => void attempt(signInWithKeycloak));

elements.native.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = new FormData(elements.native);
  void attempt(async () => {
    await signInNatively(String(form.get('email')), String(form.get('password')));
    elements.native.reset();
    await open();
  });
});

elements.edit.addEventListener('submit', (event) => {
  event.preventDefault();
  void attempt(async () => {
    const session = await findSession();
    if (!session) return signedOut(EXPIRED);
    shown = await updateProfile(session, changeOf(shown, new FormData(elements.edit)));
    fillProfile(shown);
    notify('Saved.');
  });
});

elements.signOut.addEventListener('click', () => {
  void attempt(async () => {
    await signOut(await requireSession());
    await signedOut('Signed out.');
  });
});

void attempt(async () => {
  await finishKeycloakSignIn();
  await open();
});
