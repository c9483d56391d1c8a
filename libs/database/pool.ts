import type { Socket } from 'node:net';
import { Logger } from '@nestjs/common';
import type { PoolConfig } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { connectionUrl } from './connection-url.js';
import { PostgresNamingStrategy } from './naming-strategy.js';

export interface PoolOptions {
  /** Connections at most. */
  poolSize?: number;
  /** How long a request waits for a free or a new connection, in milliseconds. */
  connectTimeoutMs?: number;
  /** After how long Postgres gives up a statement, in milliseconds. 0: never, for work that nobody waits for. */
  statementTimeoutMs?: number;
  /** What the connections are called in `pg_stat_activity`. */
  applicationName?: string;
}

/** Waiting for a connection and for one statement stay together under the two seconds in which an outage shows. */
const CONNECT_TIMEOUT_MS = 800;
const STATEMENT_TIMEOUT_MS = 1_000;
/** Postgres cancels a slow statement itself; this much later it is not slow but frozen or unreachable. */
const SILENCE_MARGIN_MS = 100;

const POOL_SIZE = 10;
/** All worker processes together take no more than twice of what one does, and each has enough to work with. */
const LEAST_POOL_SIZE = 3;

/** @param workers processes of one machine, each with a pool of its own */
export const poolShare = (workers = 1): number =>
  workers === 1 ? POOL_SIZE : Math.max(LEAST_POOL_SIZE, Math.floor((2 * POOL_SIZE) / workers));

const logger = new Logger('Database');

/** What both data sources have in common. Behind PgBouncer, let it ignore the start-up parameters set here. */
export function postgresOptions(url: string, options: PoolOptions) {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool: PoolConfig = {
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    idleTimeoutMillis: 30_000,
    // A connection is not kept for ever, so that a fail-over or a new DNS answer is followed.
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

/** The parts of pg's client that its types leave out. */
interface DriverClient {
  _activeQuery: unknown;
  _ending: boolean;
  connection: {
    stream: Socket;
    on(event: 'errorMessage', listener: (error: { code?: string }) => void): void;
  };
}

/**
 * Closes a connection that is no use any more, so that the pool forgets it:
 * - the server is silent for longer than a statement may take: frozen or unreachable. pg's own `query_timeout` would
 *   hand the connection back to the pool with the unanswered statement still in it;
 * - it is one to a standby (25006): after a fail-over a new one may reach the new primary.
 */
function dropWhenBroken(client: DriverClient, statementTimeoutMs: number): void {
  const { stream } = client.connection;
  if (statementTimeoutMs > 0) {
    stream.setTimeout(statementTimeoutMs + SILENCE_MARGIN_MS);
    // A listener given to setTimeout() would be gone after the connection's first idle second.
    stream.on('timeout', () => {
      if (client._activeQuery || client._ending) stream.destroy(new Error('Query read timeout'));
    });
  }
  client.connection.on('errorMessage', ({ code }) => {
    if (code === '25006') setImmediate(() => stream.destroy(new Error('The database is read-only')));
  });
}
