import { Logger } from '@nestjs/common';
import { type PoolConfig, TypeOverrides, types } from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { connectionUrl } from './connection-url.js';
import { DatabaseClient, type DatabaseClientConfig } from './database-client.js';
import { type DriverClient, dropWhenBroken } from './drop-when-broken.js';
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
  /** The URL leads to a PgBouncer in transaction mode: there are no start-up parameters and no named statements. */
  pooled?: boolean;
}

/** Together below two seconds, so that an outage is reported within that time. */
const CONNECT_TIMEOUT_MS = 800;
const STATEMENT_TIMEOUT_MS = 1_000;
const IDLE_TRANSACTION_TIMEOUT_MS = 5_000;

const POOL_SIZE = 10;
/** All worker processes together use at most twice as many connections as one, but each has at least three. */
const MIN_POOL_SIZE = 3;

/** @param workers the processes of one machine, each with its own pool */
export const poolShare = (workers = 1): number =>
  workers === 1 ? POOL_SIZE : Math.max(MIN_POOL_SIZE, Math.floor((2 * POOL_SIZE) / workers));

const TYPES = new TypeOverrides();
TYPES.setTypeParser(types.builtins.TIMESTAMPTZ, parseTime);

const logger = new Logger('Database');

/** The common options of both data sources. */
export function postgresOptions(url: string, options: PoolOptions) {
  const { pooled = false, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const pool: PoolConfig & DatabaseClientConfig = {
    Client: DatabaseClient,
    ...timeLimits(pooled, statementTimeoutMs),
    keepAlive: true,
    types: TYPES,
    keepAliveInitialDelayMillis: 10_000,
    idleTimeoutMillis: 30_000,
    // Connections are replaced from time to time, so that a failover or a new DNS answer takes effect.
    maxLifetimeSeconds: 600,
    onConnect: (client): void =>
      dropWhenBroken(client as unknown as DriverClient, statementTimeoutMs, { cancels: pooled }),
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

/** For the client: PgBouncer refuses limits as start-up parameters. */
function timeLimits(pooled: boolean, statementMs: number): DatabaseClientConfig {
  return pooled
    ? { pooled, transactionLimits: { statementMs, idleMs: IDLE_TRANSACTION_TIMEOUT_MS } }
    : {
        statement_timeout: statementMs,
        idle_in_transaction_session_timeout: IDLE_TRANSACTION_TIMEOUT_MS,
      };
}
