import { ApiError } from './api.js';
import { config } from './config.js';
import { changeOf, getProfile, type Profile, updateProfile } from './profile.js';
import { findSession, finishSignIn, forgetSession, signIn, signOut } from './session.js';
import { addSignInButtons, elements, fillProfile, markWrongFields, notify, show } from './view.js';

const EXPIRED = 'Your session has ended. Sign in again.';

/** Runs an action of the user, and shows a message if it fails. */
async function attempt(work: () => Promise<void>): Promise<void> {
  notify(null);
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError)) return notify(error instanceof Error ? error.message : String(error));
    if (error.status === 401) return signedOut(EXPIRED);
    if (error.status === 403) await forgetSession().then(() => show('sign-in'));
    markWrongFields(error.entries);
    notify(
      error.status === 503 ? `${error.message} Nothing is lost: save again in a moment.` : error.message,
    );
  }
}

async function signedOut(notice: string | null): Promise<void> {
  await forgetSession();
  show('sign-in');
  notify(notice);
}

let shown: Profile;

async function open(): Promise<void> {
  const session = await findSession();
  if (!session) return signedOut(null);
  shown = await getProfile(session);
  fillProfile(shown);
  show('profile');
}

addSignInButtons(config.authorities, (name) => void attempt(() => signIn(name)));

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

elements.signOut.addEventListener('click', () => void attempt(signOut));

void attempt(async () => {
  await finishSignIn();
  await open();
});
