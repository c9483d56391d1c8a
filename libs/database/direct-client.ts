import { Client } from 'pg';
import type { DataSource } from 'typeorm';

/** A connection of its own, outside any pool and without time limits, closed when `work` has ended. */
export async function withClient<T>(
  dataSource: DataSource,
  applicationName: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { url } = dataSource.options as { url: string };
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  // Without a listener a broken connection would end the process; the running query reports it as well.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
