import { databaseUrl, passwordsIn } from '../parse/urls.js';
import { BOTH_APPS, type Variables } from './variable.js';

const SAMPLE = 'postgres://userservice:userservice@localhost:5432/userservice';

export const databaseVariables = {
  DATABASE_URL: {
    comment:
      'Postgres for both apps (schemas identity and users); special characters of the password are percent-encoded (@ is %40). Unset in development: an embedded Postgres.',
    parse: databaseUrl,
    defaultNote: 'embedded in development',
    sample: SAMPLE,
    commentedOut: true,
    hint: 'the URL of a Postgres database',
    secretsIn: passwordsIn,
    readBy: BOTH_APPS,
  },
  IDENTITY_DATABASE_URL: {
    comment: 'The database of identity-provider, where the two are kept apart.',
    parse: databaseUrl,
    default: '{DATABASE_URL}',
    sample: SAMPLE,
    commentedOut: true,
    secretsIn: passwordsIn,
    readBy: ['identity-provider'],
  },
  USER_DATABASE_URL: {
    comment: 'The database of user-service, where the two are kept apart.',
    parse: databaseUrl,
    default: '{DATABASE_URL}',
    sample: SAMPLE,
    commentedOut: true,
    secretsIn: passwordsIn,
    readBy: ['user-service'],
  },
} satisfies Variables;
