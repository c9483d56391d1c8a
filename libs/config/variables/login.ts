import { roleNames } from '../parse/lists.js';
import { flag, integer } from '../parse/scalars.js';
import type { Variables } from './variable.js';

export const loginVariables = {
  BCRYPT_COST: {
    comment: 'The cost of password hashes, 10 to 15; each step doubles the time of a login.',
    parse: integer(10, 15),
    default: '12',
    readBy: ['identity-provider'],
  },
  LOGIN_MAX_FAILURES: {
    comment:
      'The number of failed logins for one email from one address within the window, before further logins are refused.',
    parse: integer(1, 1_000_000),
    default: '10',
    readBy: ['identity-provider'],
  },
  LOGIN_MAX_FAILURES_PER_ADDRESS: {
    comment: 'The same limit for all emails from one address, and for one email from all addresses.',
    parse: integer(1, 1_000_000),
    default: '100',
    readBy: ['identity-provider'],
  },
  LOGIN_WINDOW_SECONDS: {
    comment: 'The window in which failed logins are counted, in seconds.',
    parse: integer(1, 86_400),
    default: '900',
    readBy: ['identity-provider'],
  },
  SECOND_FACTOR_REQUIRED: {
    comment:
      'The names of roles, comma-separated, whose holders (also by inheritance) cannot sign in without a second factor.',
    parse: roleNames,
    default: '',
    readBy: ['identity-provider'],
  },
  TRUSTED_BROWSERS: {
    comment:
      'Whether the sign-in page offers to trust a browser, which then needs no second factor for 30 days: true or false.',
    parse: flag,
    default: 'false',
    readBy: ['identity-provider'],
  },
} satisfies Variables;
