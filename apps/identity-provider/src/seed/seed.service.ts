import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { newId, textKey } from '#libs/core/ids.js';
import { PERMISSION_CATALOGUE } from '#libs/core/permission-catalogue.js';
import { upsertPermissions } from '#libs/database/identity/upsert-permissions.js';
import { EmailField } from '#libs/http/input/fields.js';
import { InputPipe } from '#libs/http/input/input.pipe.js';
import { storedEmail } from '../accounts/email.js';
import { AuthorityService } from '../authority/authority.service.js';
import { NewPasswordField } from '../passwords/new-password.field.js';
import { PasswordHasher } from '../passwords/password-hasher.js';
import { recordPermissions, writeCommandAudit } from './seed.audit.js';
import { addSystemRoles, SYSTEM_ROLES, type SystemRole } from './system-roles.js';

/** What a seed has added: names of permissions and roles, emails of accounts. */
export interface SeedResult {
  permissions: string[];
  roles: string[];
  accounts: string[];
  /** OAuth clients; only the demo adds some. */
  clients?: string[];
}

export const DEMO_ACCOUNTS = [
  { email: 'admin@example.com', password: 'admin123', role: 'admin' },
  { email: 'user@example.com', password: 'user123', role: 'user' },
] as const;

/** Public clients: of `examples/spa`, and of /docs and /scalar on any port. */
const DEMO_CLIENTS = [
  {
    clientId: 'frontend',
    name: 'Frontend',
    redirectUris: ['http://localhost:5173', 'http://localhost:5173/'],
    logoutUris: ['http://localhost:5173', 'http://localhost:5173/'],
  },
  {
    clientId: 'twinkey-docs',
    name: 'API documentation',
    redirectUris: ['http://localhost', 'http://127.0.0.1'].flatMap((origin) => [
      `${origin}/docs/oauth2-redirect.html`,
      `${origin}/scalar/oauth2-redirect.html`,
    ]),
    logoutUris: [],
  },
];

class FirstAdmin {
  @EmailField()
  email: string;

  @NewPasswordField()
  password: string;
}

/** Adds what is missing and does not change what exists. Safe to repeat, and to run several times at once. */
@Injectable()
export class SeedService {
  constructor(
    private readonly database: DataSource,
    private readonly authority: AuthorityService,
    private readonly hasher: PasswordHasher,
    private readonly modules: ModuleRef,
  ) {}

  /** Adds accounts with well-known passwords. The caller must make sure that this is not production. */
  async seedDemo(): Promise<SeedResult> {
    const rights = await this.seedRights();
    const accounts: string[] = [];
    for (const { email, password, role } of DEMO_ACCOUNTS) {
      if (await this.addAccount(email, password, role)) accounts.push(email);
    }
    const clients: string[] = [];
    for (const client of DEMO_CLIENTS) if (await this.addClient(client)) clients.push(client.clientId);
    return { ...rights, accounts, clients };
  }

  /**
   * Adds the first administrator of an installation. An account that has the email already is not changed.
   * @throws ApiError 422 on `email` or `password`, before anything is added
   */
  async seedAdmin(email: string, password: string): Promise<SeedResult> {
    await new InputPipe(this.modules).transform({ email, password }, { type: 'body', metatype: FirstAdmin });
    const rights = await this.seedRights();
    const isAdded = await this.addAccount(email, password, 'admin');
    return { ...rights, accounts: isAdded ? [storedEmail(email)] : [] };
  }

  /** Adds the permissions that the routes require, and the system roles. */
  async seedRights(): Promise<Omit<SeedResult, 'accounts'>> {
    const permissions = await upsertPermissions(
      this.database,
      PERMISSION_CATALOGUE,
      recordPermissions('seed'),
    );
    const known = await this.database.query('SELECT FROM identity.roles WHERE name = ANY($1)', [
      SYSTEM_ROLES,
    ]);
    const isComplete = known.length === SYSTEM_ROLES.length;
    return { permissions, roles: isComplete ? [] : await this.authority.exclusively(addSystemRoles) };
  }

  async hasAccount(email: string): Promise<boolean> {
    const known = await this.database.query('SELECT FROM identity.accounts WHERE email_key = $1', [
      textKey(email),
    ]);
    return known.length > 0;
  }

  async hasAnyAccount(): Promise<boolean> {
    const known = await this.database.query('SELECT FROM identity.accounts LIMIT 1');
    return known.length > 0;
  }

  /** The demo accounts that exist. */
  async findDemoAccounts(): Promise<{ email: string; password: string }[]> {
    const present = await Promise.all(DEMO_ACCOUNTS.map(({ email }) => this.hasAccount(email)));
    return DEMO_ACCOUNTS.filter((_, index) => present[index]);
  }

  /** @returns whether the public first-party client was added */
  private async addClient(client: (typeof DEMO_CLIENTS)[number]): Promise<boolean> {
    const { clientId, name, redirectUris, logoutUris } = client;
    return this.database.transaction(async (tx) => {
      const [added] = await tx.query(
        `INSERT INTO identity.oauth_clients (id, client_id, name, type, grant_types, redirect_uris,
           post_logout_redirect_uris, first_party)
         VALUES ($1, $2, $3, 'public', '{authorization_code,refresh_token}', $4, $5, true)
         ON CONFLICT (lower(client_id)) DO NOTHING RETURNING id`,
        [newId(), clientId, name, redirectUris, logoutUris],
      );
      if (!added) return false;
      const details = { after: { name, type: 'public', redirect_uris: redirectUris } };
      await writeCommandAudit(tx, 'seed', { action: 'client.created', targetId: clientId, details });
      return true;
    });
  }

  /** @returns whether the account was added */
  private async addAccount(email: string, password: string, role: SystemRole): Promise<boolean> {
    const key = textKey(email);
    if (await this.hasAccount(email)) return false;
    const hash = await this.hasher.hash(password, { network: 'seed', account: key });
    return this.authority.exclusively(async (tx) => {
      const [added]: { id: string; roleId: string }[] = await tx.query(
        `INSERT INTO identity.accounts (id, email, email_key, email_verified, password_hash, role_id)
         SELECT $1, $2, $3, true, $4, id FROM identity.roles WHERE name = $5
         ON CONFLICT (email_key) DO NOTHING RETURNING id, role_id AS "roleId"`,
        [newId(), storedEmail(email), key, hash, role],
      );
      if (!added) return false;
      const details = { after: { email: storedEmail(email), role: { id: added.roleId, name: role } } };
      await writeCommandAudit(tx, 'seed', { action: 'account.created', targetId: added.id, details });
      return true;
    });
  }
}
