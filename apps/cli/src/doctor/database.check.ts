import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { commandDatabases } from '#libs/config/command.settings.js';
import { type Environment, isSet } from '#libs/config/environment.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { withClient } from '#libs/database/connections/direct-client.js';
import { databaseAdvice } from '#libs/database/errors/database-advice.js';
import { DatabaseProblem } from '#libs/database/errors/database-problem.js';
import { requireUtf8 } from '#libs/database/migrate/encoding.js';
import { requireRights } from '#libs/database/migrate/rights.js';
import { appDataSourceOf, type DatabaseSchema, schemasOf } from '../migrate/schema-migrations.js';
import { broken, type CheckContext, type DoctorCheck, ok, warning } from './check.js';
import { areDifferentDatabases, databaseAddress } from './database-address.js';
import { checkReplica } from './replica.check.js';

/**
 * Checks that each schema's database answers, is writable, uses UTF-8 and grants the required privileges, through the
 * connections of the apps and of the commands; and its replica.
 */
export async function checkDatabases(context: CheckContext): Promise<DoctorCheck[]> {
  const checks = schemasIn(context).map(async (schema) => {
    const name = `database.${schema.name}`;
    const variable = (kind: VariableKind) => variableOf(schema, context.env, kind);
    return Promise.all([
      checkConnection(name, schema.name, appDataSourceOf(schema), variable('URL')),
      checkDirect(`${name}.direct`, schema, variable('DIRECT_URL')),
      checkReplica(`${name}.replica`, schema, variable('REPLICA_URL')),
    ]);
  });
  return (await Promise.all(checks)).flat(2);
}

async function checkDirect(name: string, schema: DatabaseSchema, variable: string): Promise<DoctorCheck[]> {
  const { database, dataSource } = schema;
  if (database.pooled) {
    return [
      warning(
        name,
        'Only PgBouncer is known: nothing can be migrated, and the authority feed polls every second.',
        `Set ${variable} to the URL of Postgres itself.`,
      ),
    ];
  }
  if (database.url === database.app.url) return [];
  const check = await checkConnection(name, schema.name, dataSource, variable);
  const differ = check.status === 'ok' && (await areDifferentDatabases(appDataSourceOf(schema), dataSource));
  if (!differ) return [check];
  return [
    broken(
      name,
      `${databaseAddress(database.url)} is another database than the one that the apps use.`,
      `Set ${variable} to the same database, without PgBouncer.`,
    ),
  ];
}

/** The schemas; none if a database URL is invalid, which the settings check reports. */
export function schemasIn({ env }: CheckContext): DatabaseSchema[] {
  try {
    return schemasOf(commandDatabases(env));
  } catch (error) {
    if (error instanceof SettingsError) return [];
    throw error;
  }
}

type VariableKind = 'URL' | 'DIRECT_URL' | 'REPLICA_URL';

const PREFIXES = { identity: 'IDENTITY_DATABASE', users: 'USER_DATABASE' };

/** The variable that contains a URL of a schema's database. The shared ones belong together. */
function variableOf({ name }: DatabaseSchema, env: Environment, kind: VariableKind): string {
  const prefix = PREFIXES[name];
  const isOwn = isSet(env, `${prefix}_${kind}`) || isSet(env, `${prefix}_URL`);
  return `${isOwn ? prefix : 'DATABASE'}_${kind}`;
}

async function checkConnection(
  name: string,
  schema: string,
  dataSource: DataSource,
  variable: string,
): Promise<DoctorCheck> {
  const { url } = dataSource.options as { url: string };
  const address = databaseAddress(url);
  try {
    const check = async (client: Client) => {
      // PgBouncer refuses it in the mode `statement`.
      await client.query('START TRANSACTION');
      const { rows } = await client.query<{ version: string; standby: boolean }>(
        "SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby",
      );
      const [{ version, standby }] = rows as [{ version: string; standby: boolean }];
      if (standby) {
        throw new DatabaseProblem(
          'The server is a standby, which is read-only',
          `Set ${variable} to the URL of the primary server.`,
        );
      }
      await requireUtf8(client);
      await requireRights(client, schema);
      return ok(name, `PostgreSQL ${version} answers at ${address}.`);
    };
    return await withClient(dataSource, 'twinkey doctor', check, { hasLimits: true });
  } catch (error) {
    const remedy = databaseAdvice(error, url, variable) ?? `Check the database log, or correct ${variable}.`;
    return broken(name, `${address} cannot be used: ${errorMessage(error)}.`, remedy);
  }
}
