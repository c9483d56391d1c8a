import { type DynamicModule, Module } from '@nestjs/common';
import type { PoolOptions } from '../connections/pool.js';
import { databaseModule } from '../database-module.js';
import type { ReplicaSettings } from '../replicas/replica-reads.js';
import { usersOptions } from './users-data-source.js';

/** `DataSource` and the repositories of schema `users`, for the whole application. */
@Module({})
export class UsersDatabaseModule {
  static forRoot(url: string, pool: PoolOptions = {}, replica: ReplicaSettings | null = null): DynamicModule {
    return databaseModule(UsersDatabaseModule, 'users', usersOptions, { url, pool, replica });
  }
}
