import { flag, integer } from '../parse/scalars.js';
import { databaseUrl, passwordsIn, singleHostUrl } from '../parse/urls.js';
import { type App, BOTH_APPS, type Variable, type Variables } from './variable.js';

const SAMPLE = 'postgres://userservice:userservice@localhost:5432/userservice';

/** The URL of one more connection to a database. */
const furtherUrl = (comment: string, defaultNote: string, readBy: readonly App[]): Variable<string> => ({
  comment,
  parse: databaseUrl,
  defaultNote,
  sample: SAMPLE,
  commentedOut: true,
  secretsIn: passwordsIn,
  readBy,
});

const replicaUrl = (...given: Parameters<typeof furtherUrl>): Variable<string> => ({
  ...furtherUrl(...given),
  parse: singleHostUrl,
});

export const databaseVariables = {
  DATABASE_URL: {
    comment:
      'The Postgres database for both apps (schemas identity and users). Special characters of the password must be percent-encoded (@ is %40). With several hosts (user:password@host1:5432,host2:5432), the one that takes writes is used. If unset in development, an embedded Postgres is used.',
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
  DATABASE_POOLED: {
    comment:
      'Whether the database URLs lead to a PgBouncer in transaction mode. Statements then have no names, connections no start-up parameters, and DATABASE_DIRECT_URL should be set.',
    parse: flag,
    default: 'false',
    readBy: BOTH_APPS,
  },
  DATABASE_DIRECT_URL: furtherUrl(
    'The same database without PgBouncer, for migrations, the other commands and the listener of the authority feed. Several hosts are possible as in DATABASE_URL.',
    'the database URL',
    BOTH_APPS,
  ),
  IDENTITY_DATABASE_DIRECT_URL: furtherUrl(
    'DATABASE_DIRECT_URL for the database of identity-provider.',
    'DATABASE_DIRECT_URL, unless IDENTITY_DATABASE_URL is set',
    ['identity-provider'],
  ),
  USER_DATABASE_DIRECT_URL: furtherUrl(
    'DATABASE_DIRECT_URL for the database of user-service.',
    'DATABASE_DIRECT_URL, unless USER_DATABASE_URL is set',
    ['user-service'],
  ),
  DATABASE_REPLICA_URL: replicaUrl(
    'A read replica (a streaming standby) for lists, look-ups by username and batches. It is used only for what it has already replayed; otherwise the primary is read.',
    'none',
    BOTH_APPS,
  ),
  IDENTITY_DATABASE_REPLICA_URL: replicaUrl(
    'DATABASE_REPLICA_URL for the database of identity-provider.',
    'DATABASE_REPLICA_URL, unless IDENTITY_DATABASE_URL is set',
    ['identity-provider'],
  ),
  USER_DATABASE_REPLICA_URL: replicaUrl(
    'DATABASE_REPLICA_URL for the database of user-service.',
    'DATABASE_REPLICA_URL, unless USER_DATABASE_URL is set',
    ['user-service'],
  ),
  DATABASE_REPLICA_MAX_LAG_SECONDS: {
    comment:
      'A replica that has been behind for longer than this many seconds is not waited for: the primary is read, and the replica is tried again every second.',
    parse: integer(1, 3_600),
    default: '5',
    readBy: BOTH_APPS,
  },
} satisfies Variables;
