/** The texts of the pages for accounts in one language. `{name}` is replaced. */
export interface AccountTexts {
  links: { signUp: string; forgot: string; signIn: string; account: string };
  fields: { email: string; password: string; newPassword: string; passwordHint: string };
  /** By level. */
  strength: readonly [refused: string, fair: string, good: string, strong: string];
  signUp: {
    title: string;
    lead: string;
    submit: string;
    /** `{terms}` is the link. */
    terms: string;
    termsLink: string;
    sentTitle: string;
    sent: string;
    closedTitle: string;
    closed: string;
  };
  forgot: { title: string; lead: string; submit: string; sentTitle: string; sent: string };
  reset: {
    title: string;
    invitationTitle: string;
    lead: string;
    submit: string;
    doneTitle: string;
    done: string;
  };
  verify: { title: string; lead: string; submit: string; doneTitle: string; done: string };
  undo: { title: string; lead: string; submit: string; doneTitle: string; done: string };
  expired: { title: string; lead: string };
  problems: Record<ProblemCode, string> & { unverified: string };
}

/** The errors of the API that a form shows beside its fields. */
type ProblemCode =
  | 'required'
  | 'invalid_email'
  | 'invalid_characters'
  | 'email_domain_not_allowed'
  | 'email_taken'
  | 'too_short'
  | 'too_long'
  | 'common_password'
  | 'breached_password'
  | 'matches_email';
