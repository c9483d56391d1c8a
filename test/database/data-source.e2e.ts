import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, Repository } from 'typeorm';
import { v7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textKey } from '#libs/core/ids.js';
import { isUniqueViolation } from '#libs/database/errors/pg-errors.js';
import { Account } from '#libs/database/identity/account.entity.js';
import { IdentityDatabaseModule } from '#libs/database/identity/identity-database.module.js';
import { Role } from '#libs/database/identity/role.entity.js';
import { preparedQuery } from '#libs/database/queries/prepared-query.js';
import { User } from '#libs/database/users/user.entity.js';
import { UsersDatabaseModule } from '#libs/database/users/users-database.module.js';
import { createTestDatabase, type TestDatabase } from '../support/postgres.js';

@Injectable()
class Roles {
  constructor(
    @InjectRepository(Role) readonly repository: Repository<Role>,
    readonly dataSource: DataSource,
  ) {}
}

/** A feature module, which does not import the database module. */
@Module({ providers: [Roles], exports: [Roles] })
class RolesModule {}

@Injectable()
class Users {
  constructor(@InjectRepository(User) readonly repository: Repository<User>) {}
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const start = () =>
  Test.createTestingModule({
    imports: [IdentityDatabaseModule.forRoot(database.url), RolesModule],
  }).compile();

describe('the database modules', () => {
  it('provide data source and repositories to every feature of two applications in one process, and close', async () => {
    const identity = await start();
    const users = await Test.createTestingModule({
      imports: [UsersDatabaseModule.forRoot(database.url)],
      providers: [Users],
    }).compile();
    const roles = identity.get(Roles);
    expect(await roles.repository.count()).toBe(0);
    expect(await users.get(Users).repository.count()).toBe(0);
    expect(roles.dataSource.options).toMatchObject({ schema: 'identity' });

    await identity.close();
    expect(roles.dataSource.isInitialized).toBe(false);
    expect(await users.get(Users).repository.count()).toBe(0);
    await users.close();
  });

  it('refuse to start immediately, with one line, if the database rejects the login', async () => {
    const url = database.url.replace(/:[^:@]+@/, ':wrong@');
    const before = performance.now();
    const starting = Test.createTestingModule({ imports: [IdentityDatabaseModule.forRoot(url)] }).compile();
    await expect(starting).rejects.toThrow(/^The identity database cannot be reached: .*password/);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});

describe('an account', () => {
  it('is read as it was written, and its password hash only on request', async () => {
    const { dataSource, close } = await open();
    const role = await dataSource.getRepository(Role).save({ id: v7(), name: 'user' });
    const accounts = dataSource.getRepository(Account);
    const email = 'A@Example.com';
    const id = v7();
    const fields = { id, email, emailKey: textKey(email), passwordHash: 'secret', roleId: role.id };
    const saved = await accounts.save({ ...fields, firstName: 'Zoe\u0308' });

    const read = await accounts.findOneByOrFail({ id });
    expect(read).toEqual({
      id,
      email,
      emailKey: 'a@example.com',
      emailVerified: true,
      firstName: 'Zoe\u0308',
      lastName: null,
      roleId: role.id,
      status: 'active',
      version: 1,
      createdAt: saved.createdAt,
      updatedAt: saved.updatedAt,
    });
    const [login] = await preparedQuery<{ password_hash: string; at: Date }>(dataSource, {
      name: 'test_login',
      text: 'SELECT password_hash, created_at AS at FROM identity.accounts WHERE email_key = $1 AND created_at = $2',
      values: ['a@example.com', read.createdAt],
    });
    expect(login).toEqual({ password_hash: 'secret', at: read.createdAt });

    await accounts.update({ id }, { lastName: 'Ödegård' });
    expect(await accounts.findOneByOrFail({ id })).toMatchObject({ version: 2, lastName: 'Ödegård' });
    const duplicate = accounts.insert({ ...fields, id: v7() });
    await expect(duplicate).rejects.toSatisfy((error) => isUniqueViolation(error, 'accounts_email_key'));
    await close();
  });
});

async function open() {
  const app = await start();
  return { dataSource: app.get(DataSource), close: () => app.close() };
}
