import {
  conflict,
  forbidden,
  invalidField,
  tooManyRequests,
  unavailable,
} from '#libs/http/replies/api-error.js';

/** One error for every reason: used, replaced, expired, unknown, or made for something else. */
export const invalidToken = () =>
  invalidField('token', 'invalid_token', 'The link is not valid any more. Ask for a new one.');

export const registrationClosed = () =>
  forbidden('registration_closed', 'Signing up is not possible here. Ask an administrator for an account.');

export const invitationsClosed = () =>
  forbidden('invitations_closed', 'Invitations are off. Set REGISTRATION to invite or open.');

export const emailDomainNotAllowed = () =>
  invalidField('email', 'email_domain_not_allowed', 'Addresses of this domain are not allowed.');

export const accountDisabled = () => conflict('account_disabled', 'Enable the account before you invite it.');

export const noMailAddress = () =>
  conflict('no_mail_address', 'No mail can be sent to the address of this account.');

/** Only another setting helps: until then clients need not ask often. */
export const mailUnavailable = () =>
  unavailable(3_600, 'mail_unavailable', [
    { field: null, code: 'mail_unavailable', message: 'No mail can be sent: SMTP_URL is not set.' },
  ]);

/** The outbox counts by the hour, so that the exact time is not known. */
export const tooManyMails = () => tooManyRequests(900, 'too_many_mails');
