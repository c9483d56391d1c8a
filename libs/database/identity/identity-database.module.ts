import { type DynamicModule, Module } from '@nestjs/common';
import { databaseModule } from '../database-module.js';
import type { PoolOptions } from '../pool.js';
import type { ReplicaSettings } from '../replica-reads.js';
import { identityOptions } from './identity-data-source.js';

/** `DataSource` and the repositories of schema `identity`, for the whole application. */
@Module({})
export class IdentityDatabaseModule {
  static forRoot(url: string, pool: PoolOptions = {}, replica: ReplicaSettings | null = null): DynamicModule {
    return databaseModule(IdentityDatabaseModule, 'identity', identityOptions, { url, pool, replica });
  }
}
