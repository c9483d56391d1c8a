import { createHash, randomBytes } from 'node:crypto';
import { type DataSource, In } from 'typeorm';
import { newId, textKey } from '#libs/core/ids.js';
import { Account } from '#libs/database/identity/account.entity.js';
import { AccountLink, type LinkPurpose } from '#libs/database/identity/account-link.entity.js';
import { Permission } from '#libs/database/identity/permission.entity.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { RolePermission } from '#libs/database/identity/role-permission.entity.js';
import { Session } from '#libs/database/identity/session.entity.js';

/** A name that no other row has. */
export const unique = (prefix: string): string => `${prefix}-${randomBytes(5).toString('hex')}`;

const HOUR = 3_600_000;

/** Inserts rows of schema `identity` directly into the database, without validation and without bcrypt. */
export class Factories {
  constructor(private readonly database: DataSource) {}

  permission(overrides: Partial<Permission> = {}): Promise<Permission> {
    const name = `${unique('thing')}:read`;
    return this.database.manager.save(Permission, { id: newId(), name, description: null, ...overrides });
  }

  /** @param permissions names of the role's own permissions; missing permissions are created */
  async role(permissions: readonly string[] = [], overrides: Partial<Role> = {}): Promise<Role> {
    const { manager } = this.database;
    const known = await manager.findBy(Permission, { name: In([...permissions]) });
    const missing = permissions.filter((name) => !known.some((permission) => permission.name === name));
    const own = [...known, ...(await Promise.all(missing.map((name) => this.permission({ name }))))];
    const role = await manager.save(Role, {
      id: newId(),
      name: unique('role'),
      description: null,
      parentId: null,
      ...overrides,
    });
    await manager.insert(
      RolePermission,
      own.map(({ id }) => ({ roleId: role.id, permissionId: id })),
    );
    // Replicas may have cached that no role has this name.
    await this.database.query('UPDATE identity.authority SET version = version + 1');
    return manager.findOneByOrFail(Role, { id: role.id });
  }

  /** An account without a password; by default its role has no permissions. */
  async account(overrides: Partial<Account> = {}): Promise<Account> {
    const { manager } = this.database;
    const email = overrides.email ?? `${unique('person')}@example.com`;
    const roleId = overrides.roleId ?? (await this.role()).id;
    const { id } = await manager.save(Account, {
      id: newId(),
      firstName: null,
      lastName: null,
      ...overrides,
      email,
      emailKey: textKey(email),
      roleId,
    });
    return manager.findOneByOrFail(Account, { id });
  }

  /** A link as it would be mailed. @returns its token */
  async link(account: Pick<Account, 'id' | 'email'>, purpose: LinkPurpose): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    await this.database.manager.insert(AccountLink, {
      digest: createHash('sha256').update(token).digest(),
      purpose,
      accountId: account.id,
      email: account.email,
      emailKey: textKey(account.email),
      expiresAt: new Date(Date.now() + HOUR),
    });
    return token;
  }

  session(account: Pick<Account, 'id'>, overrides: Partial<Session> = {}): Promise<Session> {
    const expiresAt = new Date(Date.now() + HOUR);
    return this.database.manager.save(Session, {
      id: newId(),
      accountId: account.id,
      expiresAt,
      ...overrides,
    });
  }
}
