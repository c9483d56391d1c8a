import { DataSource, type DataSourceOptions } from 'typeorm';
import { identityMigrations } from '#migrations/identity/migrations.js';
import { type PoolOptions, postgresOptions } from '../connections/pool.js';
import { AuditEvent } from '../shared-entities/audit-event.entity.js';
import { Account } from './account.entity.js';
import { AccountLink } from './account-link.entity.js';
import { Authority } from './authority.entity.js';
import { AuthorityFeed } from './authority-feed.entity.js';
import { Factor } from './factor.entity.js';
import { LoginCounter } from './login-counter.entity.js';
import { OauthClient } from './oauth-client.entity.js';
import { OauthConsent } from './oauth-consent.entity.js';
import { OauthSecret } from './oauth-secret.entity.js';
import { OauthState } from './oauth-state.entity.js';
import { OutgoingMail } from './outgoing-mail.entity.js';
import { Passkey } from './passkey.entity.js';
import { PasskeyChallenge } from './passkey-challenge.entity.js';
import { Permission } from './permission.entity.js';
import { RecoveryCode } from './recovery-code.entity.js';
import { Revocation } from './revocation.entity.js';
import { Role } from './role.entity.js';
import { RolePermission } from './role-permission.entity.js';
import { Session } from './session.entity.js';
import { TokenLifetime } from './token-lifetime.entity.js';
import { TrustedBrowser } from './trusted-browser.entity.js';
import { UsedLogoutToken } from './used-logout-token.entity.js';

export const identityEntities = [
  Account,
  AccountLink,
  AuditEvent,
  Authority,
  AuthorityFeed,
  Factor,
  LoginCounter,
  OauthClient,
  OauthConsent,
  OauthSecret,
  OauthState,
  OutgoingMail,
  Passkey,
  PasskeyChallenge,
  Permission,
  RecoveryCode,
  Revocation,
  Role,
  RolePermission,
  Session,
  TokenLifetime,
  TrustedBrowser,
  UsedLogoutToken,
];

export const identityOptions = (url: string, options: PoolOptions = {}) =>
  ({
    ...postgresOptions(url, { applicationName: 'twinkey identity-provider', ...options }),
    schema: 'identity',
    entities: identityEntities,
    migrations: identityMigrations,
  }) satisfies DataSourceOptions;

/** Schema `identity`: accounts, roles, permissions, sessions. Not connected: call `initialize()`, and `destroy()` at the end. */
export const identityDataSource = (url: string, options: PoolOptions = {}): DataSource =>
  new DataSource(identityOptions(url, options));
