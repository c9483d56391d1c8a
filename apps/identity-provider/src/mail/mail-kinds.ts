interface KindRule {
  /** The page that the link opens, below `JWT_ISSUER`. */
  path: string;
  /** What limits it, see `LIMITS`; null: always sent. */
  limit: 'requested' | 'notice' | null;
}

/** Every kind of mail. `docs/mail.md` describes each. */
export const MAIL_KINDS = {
  'verify-email': { path: '/verify-email', limit: 'requested' },
  'already-registered': { path: '/forgot-password', limit: 'requested' },
  'reset-password': { path: '/reset-password', limit: 'requested' },
  invitation: { path: '/reset-password', limit: 'requested' },
  'confirm-new-email': { path: '/verify-email', limit: 'requested' },
  'email-changed': { path: '/undo-email', limit: null },
  'password-changed': { path: '/forgot-password', limit: 'notice' },
  'factor-added': { path: '/account', limit: 'notice' },
  'factor-removed': { path: '/account', limit: 'notice' },
  'recovery-code-used': { path: '/account', limit: 'notice' },
} as const satisfies Record<string, KindRule>;

export type MailKind = keyof typeof MAIL_KINDS;

/**
 * Mails an hour and address. Anybody can cause the requested ones. Notices tell of something that has happened to the
 * account, and those who flood an address with requests must not suppress them.
 */
export const LIMITS = { requested: 5, notice: 10 } as const;

export type MailFactor = 'totp' | 'passkey' | 'recovery_codes';

interface WithToken {
  /** The secret of the link, as it stands in the URL. */
  token: string;
}

/** The values that each kind needs. */
export interface MailValues {
  'verify-email': WithToken;
  'already-registered': Record<never, never>;
  'reset-password': WithToken;
  invitation: WithToken;
  'confirm-new-email': WithToken;
  /** To the old address; the token undoes the change. */
  'email-changed': WithToken & { newEmail: string };
  'password-changed': Record<never, never>;
  'factor-added': { factor: MailFactor };
  'factor-removed': { factor: MailFactor };
  /** How many codes are left. */
  'recovery-code-used': { remaining: number };
}

/** Examples, with which the templates are checked at the start. */
export const SAMPLE_VALUES: MailValues = {
  'verify-email': { token: 'sample' },
  'already-registered': {},
  'reset-password': { token: 'sample' },
  invitation: { token: 'sample' },
  'confirm-new-email': { token: 'sample' },
  'email-changed': { token: 'sample', newEmail: 'new@example.com' },
  'password-changed': {},
  'factor-added': { factor: 'totp' },
  'factor-removed': { factor: 'passkey' },
  'recovery-code-used': { remaining: 9 },
};

export const MAIL_KIND_NAMES = Object.keys(MAIL_KINDS) as MailKind[];

export const isMailKind = (name: string): name is MailKind => Object.hasOwn(MAIL_KINDS, name);
