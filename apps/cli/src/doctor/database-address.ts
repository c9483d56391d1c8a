import type { DataSource } from 'typeorm';
import { postgresUrl } from '#libs/config/parse/urls.js';
import { postgresHostUrls } from '#libs/core/postgres-hosts.js';
import { withClient } from '#libs/database/connections/direct-client.js';

/** Without user and password. pg prefers `?host=`, which can be the folder of a Unix socket. */
export function databaseAddress(url: string): string {
  const urls = postgresHostUrls(url).map((one) => postgresUrl(one) as URL);
  const hosts = urls.map(({ host, searchParams }) => searchParams.get('host') ?? host);
  return `${hosts.join(',')}${urls[0]?.pathname}`;
}

/** SQL: the `id` of the connected database. A standby has the same one. */
export const DATABASE_ID = `SELECT format('%s/%s', (SELECT system_identifier FROM pg_control_system()), oid) AS id
  FROM pg_database WHERE datname = current_database()`;

/** Whether two URLs lead to different databases. False if one of them cannot be asked. */
export async function areDifferentDatabases(one: DataSource, other: DataSource): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map(findId));
  return first !== null && second !== null && first !== second;
}

const findId = (dataSource: DataSource): Promise<string | null> =>
  withClient(dataSource, 'twinkey doctor', async (client) => {
    const { rows } = await client.query<{ id: string }>(DATABASE_ID);
    return rows[0]?.id ?? null;
  }).catch(() => null);
