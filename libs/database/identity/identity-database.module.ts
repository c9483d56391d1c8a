import { type DynamicModule, Module } from '@nestjs/common';
import type { PoolOptions } from '../connections/pool.js';
import { databaseModule } from '../database-module.js';
import type { ReplicaSettings } from '../replicas/replica-reads.js';
import { identityOptions } from './identity-data-source.js';

/** `DataSource` and the repositories of schema `identity`, for the whole application. */
@Module({})
export class IdentityDatabaseModule {
  static forRoot(url: string, pool: PoolOptions = {}, replica: ReplicaSettings | null = null): DynamicModule {
    return databaseModule(IdentityDatabaseModule, 'identity', identityOptions, { url, pool, replica });
  }
}
