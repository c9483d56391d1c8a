import { inject } from 'vitest';
import type { DatabaseSettings } from '#libs/config/settings.js';

export interface AppDatabase {
  databaseUrl: string;
  database: DatabaseSettings;
}

const WITHOUT_REPLICA = { replicaUrl: null, replicaMaxLagSeconds: 5 };

/**
 * How the applications under test reach a database: in the project `pgbouncer`, those of the run's shared server through
 * PgBouncer. These stay direct there: the tests' own connections; servers that a test starts itself, to break, to stop or to
 * copy them; users that a test creates, because PgBouncer knows only one; and commands for which a test sets
 * `DATABASE_POOLED` itself.
 * @param url of the database, in either way
 */
export function appDatabase(url: string): AppDatabase {
  const pooler = inject('pgbouncerUrl');
  const server = inject('postgresUrl');
  const isShared = pooler && server && [pooler, server].some((known) => isSameServer(known, url));
  if (!isShared) return { databaseUrl: url, database: { ...WITHOUT_REPLICA, pooled: false, directUrl: url } };
  return {
    databaseUrl: withPort(url, portOf(pooler)),
    database: { ...WITHOUT_REPLICA, pooled: true, directUrl: withPort(url, portOf(server)) },
  };
}

/** The same for commands: replaces `DATABASE_URL` and those of the apps. */
export function appDatabaseVariables(env: Record<string, string>): Record<string, string> {
  if (!inject('pgbouncerUrl') || env['DATABASE_POOLED'] !== undefined) return env;
  const changed = { ...env };
  for (const prefix of ['', 'IDENTITY_', 'USER_']) {
    const url = env[`${prefix}DATABASE_URL`];
    if (!url) continue;
    const { databaseUrl, database } = appDatabase(url);
    if (!database.pooled) continue;
    changed['DATABASE_POOLED'] = 'true';
    changed[`${prefix}DATABASE_URL`] = databaseUrl;
    changed[`${prefix}DATABASE_DIRECT_URL`] ??= database.directUrl ?? '';
  }
  return changed;
}

/** False for a list of hosts, and for a URL that a test has spoilt. */
function isSameServer(known: string, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const [one, other] = [new URL(known), new URL(url)];
  return one.port === other.port && one.username === other.username;
}

const portOf = (url: string): string => new URL(url).port;

/** Only the port is changed, so that the rest of the URL stays as the test wrote it. */
const withPort = (url: string, port: string): string => url.replace(`:${portOf(url)}/`, `:${port}/`);
