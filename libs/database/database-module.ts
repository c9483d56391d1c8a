import { setTimeout as sleep } from 'node:timers/promises';
import { type DynamicModule, Logger, type Type } from '@nestjs/common';
import { getDataSourceToken, getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions, type EntityTarget } from 'typeorm';
import type { PoolOptions } from './connections/pool.js';
import { watchPool } from './connections/pool-metrics.js';
import { databaseAdvice } from './errors/database-advice.js';
import { isMisconfigured, isUnavailable } from './errors/pg-errors.js';
import { Reads } from './replicas/reads.js';
import { PrimaryReads, ReplicaReads, type ReplicaSettings } from './replicas/replica-reads.js';

/** How long the start waits for the database. Later outages are the pool's to handle. */
const START_DEADLINE_MS = 10_000;
const START_DELAY_MS = 500;

const logger = new Logger('Database');

type ModuleDataSource = DataSourceOptions & { entities: (new () => object)[] };

interface DatabaseAddresses {
  url: string;
  pool: PoolOptions;
  /** Null: everything is read from `url`. */
  replica: ReplicaSettings | null;
}

/**
 * A global module that connects one data source at the start of the application and closes it at the end. It exports
 * `DataSource` and a repository for each entity: `@InjectRepository(Role) roles: Repository<Role>`; and `Reads`.
 * The data source has a name in Nest, since two applications may run in one process. Injections do not need it.
 */
export function databaseModule(
  module: Type,
  name: string,
  optionsOf: (url: string, options: PoolOptions) => ModuleDataSource,
  { url, pool, replica }: DatabaseAddresses,
): DynamicModule {
  const options = optionsOf(url, pool);
  const token = getDataSourceToken(name);
  const repositories = options.entities.map((entity) => ({
    provide: getRepositoryToken(entity),
    inject: [token],
    useFactory: (dataSource: DataSource) => dataSource.getRepository(entity as EntityTarget<object>),
  }));
  return {
    module,
    global: true,
    imports: [
      TypeOrmModule.forRootAsync({
        name,
        // Nest's own retries would log a stack trace each.
        useFactory: () => ({ ...options, toRetry: () => false }),
        dataSourceFactory: () => connect(name, options),
      }),
    ],
    providers: [
      { provide: DataSource, useExisting: token },
      {
        provide: Reads,
        inject: [token],
        useFactory: (dataSource: DataSource): Reads =>
          replica
            ? new ReplicaReads(dataSource, {
                options: optionsOf(replica.url, pool),
                pooled: pool.pooled ?? false,
                maxLagSeconds: replica.maxLagSeconds,
              })
            : new PrimaryReads(dataSource),
      },
      ...repositories,
    ],
    exports: [DataSource, Reads, ...repositories.map(({ provide }) => provide)],
  };
}

/** @throws Error whose message is one line with the database and the reason */
async function connect(name: string, options: DataSourceOptions): Promise<DataSource> {
  const since = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      const dataSource = await new DataSource(options).initialize();
      watchPool(name, dataSource);
      return dataSource;
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      const line = `The ${name} database cannot be reached: ${message || code}`;
      const mayCome = isUnavailable(error) && !isMisconfigured(error);
      if (!mayCome || performance.now() - since > START_DEADLINE_MS) {
        const advice = databaseAdvice(error, (options as { url: string }).url);
        throw new Error(advice ? `${line}. ${advice}` : line, { cause: error });
      }
      if (attempt === 1) logger.warn(`${line}. Waiting for it.`);
      await sleep(START_DELAY_MS);
    }
  }
}
