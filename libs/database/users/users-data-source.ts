import { DataSource, type DataSourceOptions } from 'typeorm';
import { usersMigrations } from '#migrations/users/migrations.js';
import { type PoolOptions, postgresOptions } from '../connections/pool.js';
import { AuditEvent } from '../shared-entities/audit-event.entity.js';
import { Administration } from './administration.entity.js';
import { AuthorityFeed } from './authority-feed.entity.js';
import { DirectoryLease } from './directory-lease.entity.js';
import { DirectoryRecheck } from './directory-recheck.entity.js';
import { EndedSubject } from './ended-subject.entity.js';
import { Identity } from './identity.entity.js';
import { Revocation } from './revocation.entity.js';
import { User } from './user.entity.js';

export const usersEntities = [
  Administration,
  AuditEvent,
  AuthorityFeed,
  DirectoryLease,
  DirectoryRecheck,
  EndedSubject,
  Identity,
  Revocation,
  User,
];

export const usersOptions = (url: string, options: PoolOptions = {}) =>
  ({
    ...postgresOptions(url, { applicationName: 'twinkey user-service', ...options }),
    schema: 'users',
    entities: usersEntities,
    migrations: usersMigrations,
  }) satisfies DataSourceOptions;

/** Schema `users`: profiles and identities. Not connected: call `initialize()`, and `destroy()` at the end. */
export const usersDataSource = (url: string, options: PoolOptions = {}): DataSource =>
  new DataSource(usersOptions(url, options));
