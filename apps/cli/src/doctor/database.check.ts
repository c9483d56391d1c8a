import { commandDatabases } from '#libs/config/command.settings.js';
import { type Environment, isSet } from '#libs/config/environment.js';
import { postgresUrl } from '#libs/config/parse/urls.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { databaseAdvice } from '#libs/database/database-advice.js';
import { DatabaseProblem } from '#libs/database/database-problem.js';
import { withClient } from '#libs/database/direct-client.js';
import { requireUtf8 } from '#libs/database/encoding.js';
import { requireRights } from '#libs/database/rights.js';
import { type DatabaseSchema, schemasOf } from '../migrate/schema-migrations.js';
import { broken, type CheckContext, type DoctorCheck, ok } from './check.js';

/** Checks that each schema's database answers, is writable, uses UTF-8 and grants the required privileges. */
export async function checkDatabases(context: CheckContext): Promise<DoctorCheck[]> {
  return Promise.all(
    schemasIn(context).map((schema) => checkDatabase(schema, variableOf(schema, context.env))),
  );
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

async function checkDatabase(
  { name: schema, dataSource }: DatabaseSchema,
  variable: string,
): Promise<DoctorCheck> {
  const name = `database.${schema}`;
  const { url } = dataSource.options as { url: string };
  const address = addressOf(url);
  try {
    return await withClient(dataSource, 'twinkey doctor', async (client) => {
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
    });
  } catch (error) {
    const remedy = databaseAdvice(error, url, variable) ?? `Check the database log, or correct ${variable}.`;
    return broken(name, `${address} cannot be used: ${errorMessage(error)}.`, remedy);
  }
}

/** Without user and password. pg prefers `?host=`, which can be the folder of a Unix socket. */
function addressOf(url: string): string {
  const { host, pathname, searchParams } = postgresUrl(url) as URL;
  return `${searchParams.get('host') ?? host}${pathname}`;
}
