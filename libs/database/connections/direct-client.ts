import type { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { DatabaseClient, type DatabaseClientConfig } from './database-client.js';

/**
 * Opens a connection outside the pool, and closes it after `work`.
 * @param options.hasLimits whether the time limits of the pool apply
 */
export async function withClient<T>(
  dataSource: DataSource,
  applicationName: string,
  work: (client: Client) => Promise<T>,
  { hasLimits = false } = {},
): Promise<T> {
  const { url, extra } = dataSource.options as { url: string; extra: DatabaseClientConfig };
  const client = new DatabaseClient({
    ...(hasLimits ? extra : { pooled: extra.pooled ?? false }),
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  // Without a listener a broken connection would end the process. The running query reports the error too.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
