import { databaseUrl, passwordsIn } from '../parse/urls.js';
import { BOTH_APPS, type Variables } from './variable.js';

const SAMPLE = 'postgres://userservice:userservice@localhost:5432/userservice';

export const databaseVariables = {
  DATABASE_URL: {
    comment:
      'The Postgres database for both apps (schemas identity and users). Special characters of the password must be percent-encoded (@ is %40). If unset in development, an embedded Postgres is used.',
    parse: databaseUrl,
    defaultNote: 'embedded in development',
    sample: SAMPLE,
    commentedOut: true,
    hint: 'set the URL of a Postgres database',
    secretsIn: passwordsIn,
    readBy: BOTH_APPS,
  },
  IDENTITY_DATABASE_URL: {
    comment: 'The database of identity-provider, if the apps use separate databases.',
    parse: databaseUrl,
    default: '{DATABASE_URL}',
    sample: SAMPLE,
    commentedOut: true,
    secretsIn: passwordsIn,
    readBy: ['identity-provider'],
  },
  USER_DATABASE_URL: {
    comment: 'The database of user-service, if the apps use separate databases.',
    parse: databaseUrl,
    default: '{DATABASE_URL}',
    sample: SAMPLE,
    commentedOut: true,
    secretsIn: passwordsIn,
    readBy: ['user-service'],
  },
} satisfies Variables;
