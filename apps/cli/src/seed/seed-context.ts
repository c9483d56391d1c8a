import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { SeedModule } from '#apps/identity-provider/src/seed/seed.module.js';
import { SeedService } from '#apps/identity-provider/src/seed/seed.service.js';
import { SETTINGS } from '#apps/identity-provider/src/settings.js';
import type { SeedSettings } from '#libs/config/command.settings.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { findPostgresError } from '#libs/database/errors/pg-errors.js';
import { identityDataSource } from '#libs/database/identity/identity-data-source.js';
import { ApiError } from '#libs/http/replies/api-error.js';
import { DatabaseCommandError } from '../migrate/schema-migrations.js';

/** SQLSTATE: undefined table, undefined schema. */
const NOT_MIGRATED = ['42P01', '3F000'];

/**
 * Takes the seed's service from a Nest application context, which is connected to schema `identity` while `work` runs.
 * @throws UserFacingError if the database or the input is refused
 */
export async function withSeedService<T>(
  settings: SeedSettings,
  work: (seed: SeedService) => Promise<T>,
): Promise<T> {
  // Connected here and not by IdentityDatabaseModule, which waits up to 10 s for a database.
  const { url, pooled } = settings.database;
  const database = identityDataSource(url, { pooled, poolSize: 2, connectTimeoutMs: 5_000 });
  try {
    await database.initialize();
    const context = await NestFactory.createApplicationContext(
      SeedContextModule.forRoot(database, settings),
      {
        logger: false,
        abortOnError: false,
      },
    );
    try {
      return await work(context.get(SeedService, { strict: false }));
    } finally {
      await context.close();
    }
  } catch (error) {
    throw toUserFacingError(error, url);
  } finally {
    if (database.isInitialized) await database.destroy();
  }
}

/** The seed's module with the parts that the application provides otherwise: the database and the settings. */
@Module({ imports: [SeedModule] })
class SeedContextModule {
  static forRoot(database: DataSource, settings: SeedSettings): DynamicModule {
    const providers = [
      { provide: DataSource, useValue: database },
      { provide: SETTINGS, useValue: settings },
    ];
    return {
      module: SeedContextModule,
      global: true,
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}

function toUserFacingError(error: unknown, databaseUrl: string): unknown {
  if (error instanceof UserFacingError) return error;
  if (error instanceof ApiError) {
    return new UserFacingError(
      error.errors.map(({ field, message }) => `${field ? `${field}: ` : ''}${message}`).join(' '),
    );
  }
  const state = findPostgresError(error)?.code;
  if (state && NOT_MIGRATED.includes(state)) {
    return new UserFacingError('Schema identity does not exist yet: run twinkey migrate first.');
  }
  return new DatabaseCommandError('identity', error, databaseUrl);
}
