import { integer } from '../parse/scalars.js';
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
      'Failed logins for one email from one address within the window, before the next ones must wait.',
    parse: integer(1, 1_000_000),
    default: '10',
    readBy: ['identity-provider'],
  },
  LOGIN_MAX_FAILURES_PER_ADDRESS: {
    comment: 'The same from one address for any emails, or for one email from any addresses.',
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
} satisfies Variables;
