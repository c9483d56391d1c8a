import type { DynamicModule, Type } from '@nestjs/common';
import { getDataSourceToken, getRepositoryToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions, type EntityTarget } from 'typeorm';
import { isUnavailable } from './pg-errors.js';

/** How long a start waits for its database: attempts, a second apart. From then on the pool recovers by itself. */
const START_ATTEMPTS = 10;
const START_DELAY_MS = 1_000;

/**
 * A global module that connects one data source when the application starts and closes it when it ends. It offers
 * `DataSource` and a repository for each entity: `@InjectRepository(Role) roles: Repository<Role>`.
 * Within Nest the data source has a name, as two applications may run in one process; nobody needs to say it.
 */
export function databaseModule(
  module: Type,
  name: string,
  options: DataSourceOptions & { entities: (new () => object)[] },
): DynamicModule {
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
        useFactory: () => ({
          ...options,
          retryAttempts: START_ATTEMPTS,
          retryDelay: START_DELAY_MS,
          toRetry: isUnavailable,
        }),
        dataSourceFactory: () => connect(name, options),
      }),
    ],
    providers: [{ provide: DataSource, useExisting: token }, ...repositories],
    exports: [DataSource, ...repositories.map(({ provide }) => provide)],
  };
}

async function connect(name: string, options: DataSourceOptions): Promise<DataSource> {
  try {
    return await new DataSource(options).initialize();
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    throw new Error(`The ${name} database cannot be reached: ${message || code}`, { cause: error });
  }
}
