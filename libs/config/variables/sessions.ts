import { days, minutes } from '../parse/scalars.js';
import { BOTH_APPS, type Variables } from './variable.js';

export const sessionVariables = {
  ACCESS_TOKEN_MINUTES: {
    comment:
      'The lifetime of native access tokens in minutes: at most 43200, fractions are allowed. Set it together with REFRESH_TOKEN_DAYS, for example to 15. If unset, JWT_EXPIRATION_DAYS holds.',
    parse: minutes(43_200),
    defaultNote: 'JWT_EXPIRATION_DAYS',
    sample: '',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  REFRESH_TOKEN_DAYS: {
    comment:
      'Logins also return a refresh token, and a session ends this many days after its last refresh: at most 365, fractions are allowed. If unset, there are no refresh tokens, and a session ends with its access token.',
    parse: days(365),
    defaultNote: 'no refresh tokens',
    sample: '',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
  SESSION_MAX_DAYS: {
    comment: 'A session ends after this many days, however often it is refreshed: at most 3650.',
    parse: days(3_650),
    default: '90',
    readBy: ['identity-provider'],
  },
} satisfies Variables;
