import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import { type PoolConfig, TypeOverrides, types } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { connectionUrl } from './connection-url.js';
import { PostgresNamingStrategy } from './naming-strategy.js';
import { parseTime } from './time-parser.js';

export interface PoolOptions {
  /** The maximum number of connections. */
  poolSize?: number;
  /** How long a request waits for a free or a new connection, in milliseconds. */
  connectTimeoutMs?: number;
  /** When Postgres cancels a statement, in milliseconds. 0: never, for background work. */
  statementTimeoutMs?: number;
  /** The connections' name in `pg_stat_activity`. */
  applicationName?: string;
}

/** Together below two seconds, so that an outage is reported within that time. */
const CONNECT_TIMEOUT_MS = 800;
const STATEMENT_TIMEOUT_MS = 1_000;
/** Postgres cancels a slow statement. Without an answer for this much longer it is frozen or unreachable. */
const SILENCE_MARGIN_MS = 100;

const POOL_SIZE = 10;
/** All worker processes together use at most twice as many connections as one, but each has at least three. */
const MIN_POOL_SIZE = 3;

/** @param workers the processes of one machine, each with its own pool */
export const poolShare = (workers = 1): number =>
  workers === 1 ? POOL_SIZE : Math.max(MIN_POOL_SIZE, Math.floor((2 * POOL_SIZE) / workers));

const TYPES = new TypeOverrides();
TYPES.setTypeParser(types.builtins.TIMESTAMPTZ, parseTime);

const logger = new Logger('Database');

/** The common options of both data sources. PgBouncer has to ignore the start-up parameters that are set here. */
export function postgresOptions(url: string, options: PoolOptions) {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool: PoolConfig = {
    keepAlive: true,
    types: TYPES,
    keepAliveInitialDelayMillis: 10_000,
    idleTimeoutMillis: 30_000,
    // Connections are replaced from time to time, so that a failover or a new DNS answer takes effect.
    maxLifetimeSeconds: 600,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: 5_000,
    onConnect: (client): void => dropWhenBroken(client as unknown as DriverClient, statementTimeoutMs),
  };
  return {
    type: 'postgres',
    url: connectionUrl(url),
    applicationName: options.applicationName ?? 'twinkey',
    poolSize: options.poolSize ?? POOL_SIZE,
    connectTimeoutMS: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    extra: pool,
    poolErrorHandler: (error: Error) => logger.warn(`A database connection broke: ${error.message}`),
    namingStrategy: new PostgresNamingStrategy(),
    installExtensions: false,
    logging: false,
  } satisfies DataSourceOptions;
}

/** Internals of pg's client that its types leave out; `test/database/internals.e2e.ts` fails where they change. */
interface DriverClient {
  _activeQuery: unknown;
  _ending: boolean;
  connection: {
    stream: Socket;
    on(event: 'errorMessage', listener: (error: { code?: string }) => void): void;
  };
}

/**
 * Closes a connection that is not usable any more, so that the pool drops it:
 * - The server is silent for longer than a statement may take: it is frozen or unreachable. pg's own `query_timeout` would
 *   return the connection to the pool while the statement is still unanswered.
 * - The server is a standby (25006): after a failover a new connection may reach the new primary.
 */
function dropWhenBroken(client: DriverClient, statementTimeoutMs: number): void {
  const { stream } = client.connection;
  if (statementTimeoutMs > 0) {
    stream.setTimeout(statementTimeoutMs + SILENCE_MARGIN_MS);
    // setTimeout() would remove its own listener after the connection's first idle second.
    stream.on('timeout', () => {
      if (client._activeQuery || client._ending) stream.destroy(new Error('Query read timeout'));
    });
  }
  client.connection.on('errorMessage', ({ code }) => {
    if (code === '25006') setImmediate(() => stream.destroy(new Error('The database is read-only')));
  });
}
