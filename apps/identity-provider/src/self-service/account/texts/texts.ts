import type { FactorKind } from '#libs/database/identity/factor.entity.js';

/** What was done, as the address of the account page says it: `?done=name`. */
export const DONE = [
  'name',
  'email',
  'password',
  'factor_added',
  'factor_present',
  'factor_removed',
  'session_ended',
] as const;
export type Done = (typeof DONE)[number];

/** The errors of the API that the account pages show, besides those of `self-service/pages`. */
type OwnProblemCode =
  | 'wrong_password'
  | 'reauthentication_required'
  | 'wrong_code'
  | 'invalid_passkey'
  | 'passkey_taken'
  | 'too_many_factors'
  | 'no_second_factor'
  | 'not_found'
  | 'outdated_form';

/** The texts of the account pages in one language. `{name}` is replaced. */
export interface OwnAccountTexts {
  title: string;
  signedInAs: string;
  signOut: string;
  back: string;
  done: Record<Done, string>;
  profile: {
    title: string;
    name: string;
    noName: string;
    changeName: string;
    email: string;
    unverified: string;
    changeEmail: string;
    password: string;
    passwordLead: string;
    changePassword: string;
  };
  name: { title: string; lead: string; first: string; last: string; submit: string };
  email: { title: string; lead: string; address: string; submit: string };
  password: { title: string; lead: string; submit: string };
  current: { label: string; hint: string; signInAgain: string };
  factors: {
    title: string;
    none: string;
    kinds: Record<FactorKind, string>;
    added: string;
    used: string;
    neverUsed: string;
    remaining: string;
    remove: string;
    removeNamed: string;
    addTotp: string;
    addPasskey: string;
    newCodes: string;
  };
  totp: { title: string; lead: string; name: string; nameHint: string; submit: string; confirmLead: string };
  passkey: { title: string; lead: string; submit: string; unsupported: string };
  codes: { title: string; lead: string; submit: string };
  removal: { title: string; lead: string; last: string; submit: string };
  sessions: {
    title: string;
    current: string;
    unknown: string;
    started: string;
    applications: string;
    end: string;
    endNamed: string;
    newest: string;
    endAll: string;
    endAllLead: string;
    endedTitle: string;
    ended: string;
  };
  signIn: { title: string; lead: string; submit: string };
  problems: Record<OwnProblemCode, string> & { name: string };
}
