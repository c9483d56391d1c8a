/** The texts of the pages in one language. `{name}` is replaced (`fill`). */
export interface Texts {
  language: string;
  signIn: {
    title: string;
    lead: string;
    email: string;
    password: string;
    submit: string;
    again: string;
    select: string;
    selected: string;
    other: string;
    passkey: string;
  };
  factor: {
    title: string;
    lead: string;
    /** Where the account has a passkey. */
    leadPasskey: string;
    code: string;
    submit: string;
    trust: string;
    passkey: string;
    restart: string;
    setupTitle: string;
    setupLead: string;
    setupPicture: string;
    setupSecret: string;
    or: string;
    setupPasskey: string;
    codesTitle: string;
    codesLead: string;
    codesGone: string;
    codesContinue: string;
  };
  consent: {
    title: string;
    lead: string;
    signedInAs: string;
    scopes: { openid: string; profile: string; email: string; offline_access: string };
    api: string;
    allow: string;
    deny: string;
  };
  device: {
    title: string;
    lead: string;
    code: string;
    submit: string;
    confirmTitle: string;
    confirmLead: string;
    compare: string;
    address: string;
    program: string;
    warning: string;
    confirm: string;
    deny: string;
    doneTitle: string;
    done: string;
    abortedTitle: string;
    aborted: string;
  };
  signOut: {
    title: string;
    lead: string;
    submit: string;
    stay: string;
    stayedTitle: string;
    doneTitle: string;
    done: string;
  };
  error: { title: string; expiredTitle: string; expired: string; lead: string; details: string };
  continue: { title: string; lead: string; link: string };
  problems: {
    passkeyNotAdded: string;
    credentials: string;
    code: string;
    passkey: string;
    email: string;
    disabled: string;
    throttled: string;
    overloaded: string;
    unavailable: string;
    setupOutdated: string;
    userCode: string;
    userCodeExpired: string;
    userCodeUsed: string;
    summary: string;
  };
}

/** Replaces `{name}` in a text. */
export const fill = (text: string, values: Record<string, string>): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
