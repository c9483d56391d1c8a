import { databaseUrls } from '#libs/config/command.settings.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { withClient } from '#libs/database/direct-client.js';
import { messageOf } from '../failure.js';
import { type Schema, schemasOf } from '../migrate/schemas.js';
import { broken, type Check, type Examined, ok } from './check.js';

/** Whether each schema's database answers, and takes writes. */
export async function checkDatabases(examined: Examined): Promise<Check[]> {
  return Promise.all(schemasIn(examined).map(checkDatabase));
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

async function checkDatabase({ name: schema, dataSource }: Schema): Promise<Check> {
  const name = `database.${schema}`;
  const place = placeOf(dataSource.options as { url: string });
  try {
    return await withClient(dataSource, 'twinkey doctor', async (client) => {
      const { rows } = await client.query<{ version: string; standby: boolean }>(
        "SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby",
      );
      const [{ version, standby }] = rows as [{ version: string; standby: boolean }];
      return standby
        ? broken(name, `${place} is a standby, which takes no writes.`, 'Let its URL name the primary.')
        : ok(name, `PostgreSQL ${version} answers at ${place}.`);
    });
  } catch (error) {
    return broken(
      name,
      `${place} cannot be used: ${messageOf(error)}.`,
      "Start the database, or correct DATABASE_URL (or the schema's own variable).",
    );
  }
}

/** Without user and password. */
function placeOf({ url }: { url: string }): string {
  const { host, pathname, searchParams } = new URL(url);
  return `${host || searchParams.get('host')}${pathname}`;
}
