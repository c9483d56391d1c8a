import { ApiError, conflict, forbidden, invalidField } from '#libs/http/replies/api-error.js';

/** The one 401 with another body (contract, section 11): the password is right, and a second factor is missing. */
export const codeRequired = () =>
  new ApiError(
    401,
    [
      {
        field: 'code',
        code: 'code_required',
        message: 'Send the code of your authenticator app, or a recovery code.',
      },
    ],
    { 'www-authenticate': 'Bearer' },
  );

/** The account has no second factor, and its role requires one. */
export const secondFactorRequired = () =>
  forbidden(
    'second_factor_required',
    'Your role requires a second factor. Sign in on the sign-in page, which sets one up.',
  );

export const reauthenticationRequired = () =>
  forbidden(
    'reauthentication_required',
    'Your sign-in is older than 10 minutes. Sign in again, or send your current password.',
    'current_password',
  );

export const wrongPassword = () =>
  invalidField('current_password', 'wrong_password', 'The current password is wrong.');

export const wrongCode = () =>
  invalidField('code', 'wrong_code', 'The code is wrong. Enter the current one.');

export const factorNotFound = () =>
  invalidField('id', 'not_found', 'No factor with this id waits for its code. Start again.');

export const invalidPasskey = () =>
  invalidField('response', 'invalid_passkey', 'The passkey does not fit the options. Ask for new ones.');

export const passkeyTaken = () => conflict('passkey_taken', 'This passkey was added already.', 'id');

export const tooManyFactors = () =>
  conflict('too_many_factors', 'An account has at most 20 factors. Remove one first.');

export const setupOutdated = () =>
  conflict('setup_outdated', 'The account has another password or a second factor now. Sign in again.');

export const noSecondFactor = () =>
  conflict('no_second_factor', 'Add an authenticator app or a passkey first: recovery codes replace it.');
