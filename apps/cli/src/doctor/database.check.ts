import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { commandDatabases } from '#libs/config/command.settings.js';
import { type Environment, isSet } from '#libs/config/environment.js';
import { postgresUrl } from '#libs/config/parse/urls.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { postgresHostUrls } from '#libs/core/postgres-hosts.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { databaseAdvice } from '#libs/database/database-advice.js';
import { DatabaseProblem } from '#libs/database/database-problem.js';
import { withClient } from '#libs/database/direct-client.js';
import { requireUtf8 } from '#libs/database/encoding.js';
import { requireRights } from '#libs/database/rights.js';
import { appDataSourceOf, type DatabaseSchema, schemasOf } from '../migrate/schema-migrations.js';
import { broken, type CheckContext, type DoctorCheck, ok, warning } from './check.js';

/**
 * Checks that each schema's database answers, is writable, uses UTF-8 and grants the required privileges, through the
 * connections of the apps and of the commands.
 */
export async function checkDatabases(context: CheckContext): Promise<DoctorCheck[]> {
  const checks = schemasIn(context).map(async (schema) => {
    const variable = variableOf(schema, context.env);
    const name = `database.${schema.name}`;
    const app = checkConnection(name, schema.name, appDataSourceOf(schema), variable);
    return [await app, ...(await checkDirect(`${name}.direct`, schema, variable))];
  });
  return (await Promise.all(checks)).flat();
}

async function checkDirect(
  name: string,
  { name: schema, database, dataSource }: DatabaseSchema,
  variable: string,
): Promise<DoctorCheck[]> {
  const directVariable = variable.replace(/URL$/, 'DIRECT_URL');
  if (database.pooled) {
    return [
      warning(
        name,
        'Only PgBouncer is known: nothing can be migrated, and the authority feed polls every second.',
        `Set ${directVariable} to the URL of Postgres itself.`,
      ),
    ];
  }
  return database.url === database.app.url
    ? []
    : [await checkConnection(name, schema, dataSource, directVariable)];
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

const OWN_VARIABLES = { identity: 'IDENTITY_DATABASE_URL', users: 'USER_DATABASE_URL' };

/** The variable that contains the URL of a schema's database. */
const variableOf = ({ name }: DatabaseSchema, env: Environment): string =>
  isSet(env, OWN_VARIABLES[name]) ? OWN_VARIABLES[name] : 'DATABASE_URL';

async function checkConnection(
  name: string,
  schema: string,
  dataSource: DataSource,
  variable: string,
): Promise<DoctorCheck> {
  const { url } = dataSource.options as { url: string };
  const address = addressOf(url);
  try {
    const check = async (client: Client) => {
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

/** Without user and password. pg prefers `?host=`, which can be the folder of a Unix socket. */
function addressOf(url: string): string {
  const urls = postgresHostUrls(url).map((one) => postgresUrl(one) as URL);
  const hosts = urls.map(({ host, searchParams }) => searchParams.get('host') ?? host);
  return `${hosts.join(',')}${urls[0]?.pathname}`;
}
