import { databaseUrls } from '#libs/config/command.settings.js';
import type { Environment } from '#libs/config/environment.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { errorMessage } from '#libs/core/user-facing-error.js';
import { databaseAdvice } from '#libs/database/database-advice.js';
import { DatabaseProblem } from '#libs/database/database-problem.js';
import { withClient } from '#libs/database/direct-client.js';
import { requireUtf8 } from '#libs/database/encoding.js';
import { requireRights } from '#libs/database/rights.js';
import { isSet } from '../development/is-set.js';
import { type Schema, schemasOf } from '../migrate/schemas.js';
import { broken, type DoctorCheck, type Examined, ok } from './check.js';

/** Whether each schema's database answers, takes writes and every character, and grants what is needed. */
export async function checkDatabases(examined: Examined): Promise<DoctorCheck[]> {
  return Promise.all(
    schemasIn(examined).map((schema) => checkDatabase(schema, variableOf(schema, examined.env))),
  );
}

/** The schemas whose URLs are good; what is wrong with the others, the settings' check tells. */
export function schemasIn({ env }: Examined): Schema[] {
  try {
    return schemasOf(databaseUrls(env));
  } catch (error) {
    if (error instanceof SettingsError) return [];
    throw error;
  }
}

const OWN_VARIABLES = { identity: 'IDENTITY_DATABASE_URL', users: 'USER_DATABASE_URL' };

/** Where the URL of a schema's database is set. */
const variableOf = ({ name }: Schema, env: Environment): string =>
  isSet(env, OWN_VARIABLES[name]) ? OWN_VARIABLES[name] : 'DATABASE_URL';

async function checkDatabase({ name: schema, dataSource }: Schema, variable: string): Promise<DoctorCheck> {
  const name = `database.${schema}`;
  const { url } = dataSource.options as { url: string };
  const place = placeOf(url);
  try {
    return await withClient(dataSource, 'twinkey doctor', async (client) => {
      const { rows } = await client.query<{ version: string; standby: boolean }>(
        "SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby",
      );
      const [{ version, standby }] = rows as [{ version: string; standby: boolean }];
      if (standby) {
        throw new DatabaseProblem(
          'It is a standby, which takes no writes',
          `Let ${variable} name the primary.`,
        );
      }
      await requireUtf8(client);
      await requireRights(client, schema);
      return ok(name, `PostgreSQL ${version} answers at ${place}.`);
    });
  } catch (error) {
    const remedy =
      databaseAdvice(error, url, variable) ?? `Look at the log of the database, or correct ${variable}.`;
    return broken(name, `${place} cannot be used: ${errorMessage(error)}.`, remedy);
  }
}

/** Without user and password. */
function placeOf(url: string): string {
  const { host, pathname, searchParams } = new URL(url);
  return `${host || searchParams.get('host')}${pathname}`;
}
