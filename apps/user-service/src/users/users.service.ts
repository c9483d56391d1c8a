import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, Not } from 'typeorm';
import type { Principal } from '#libs/auth/principal.js';
import { Identity } from '#libs/database/users/identity.entity.js';
import { User } from '#libs/database/users/user.entity.js';
import { notFound } from '#libs/http/replies/api-error.js';
import { Reply } from '#libs/http/replies/envelope.js';
import { etagOf, assertIfMatch } from '#libs/http/replies/etag.js';
import type { ListPage } from '#libs/http/input/list-request.js';
import { type Profile, profileOf } from './profile.js';
import { toProfileReply } from './profile-reply.js';
import type { ProfileReply, StatusChange, UserListQuery } from './users.dto.js';
import { ownUser } from './users.errors.js';
import { listUsers } from './users.list.js';

/** What admins do with people of both issuers. */
@Injectable()
export class UsersService {
  constructor(private readonly database: DataSource) {}

  list(query: UserListQuery): Promise<ListPage<Profile>> {
    return listUsers(this.database, query);
  }

  async get(id: string): Promise<Reply<ProfileReply>> {
    return reply(await getProfile(this.database.manager, id));
  }

  /** @throws ApiError 404, 412, 409 */
  async update(
    caller: Principal,
    id: string,
    { status }: StatusChange,
    ifMatch: string | undefined,
  ): Promise<Reply<ProfileReply>> {
    return this.change(id, ifMatch, async (tx, profile) => {
      if (status === undefined || status === profile.status) return;
      if (status === 'suspended') requireOther(caller, profile);
      await tx.update(User, { id }, { status });
    });
  }

  /** Leaves a tombstone: (issuer, sub) stays, so that the next token does not bring the person back. */
  async delete(caller: Principal, id: string, ifMatch: string | undefined): Promise<Reply<never>> {
    await this.change(id, ifMatch, async (tx, profile) => {
      requireOther(caller, profile);
      await tx.update(
        User,
        { id },
        { status: 'deleted', displayName: null, profilePicture: null, settings: {} },
      );
      await tx.update(
        Identity,
        { userId: id },
        { username: null, usernameKey: null, email: null, emailKey: null, firstName: null, lastName: null },
      );
    });
    return Reply.nothing();
  }

  private async change(
    id: string,
    ifMatch: string | undefined,
    work: (tx: EntityManager, profile: Profile) => Promise<void>,
  ): Promise<Reply<ProfileReply>> {
    return this.database.transaction(async (tx) => {
      // Locked, so that the version which If-Match is held against stays the current one; in everybody's order.
      await tx.query('SELECT 1 FROM users.identities WHERE user_id = $1 ORDER BY sub FOR UPDATE', [id]);
      await tx.query('SELECT 1 FROM users.users WHERE id = $1 FOR UPDATE', [id]);
      const profile = await getProfile(tx, id);
      assertIfMatch(ifMatch, etagOf(profile.version));
      await work(tx, profile);
      const changed = await findProfile(tx, id);
      return reply(changed ?? profile);
    });
  }
}

async function findProfile(tx: EntityManager, id: string): Promise<Profile | null> {
  const user = await tx.findOne(User, {
    where: { id, status: Not('deleted') },
    relations: { identities: true },
  });
  return user && profileOf(user);
}

/** @throws ApiError 404; a tombstone is gone too */
async function getProfile(tx: EntityManager, id: string): Promise<Profile> {
  const profile = await findProfile(tx, id);
  if (!profile) throw notFound();
  return profile;
}

function requireOther(caller: Principal, { issuer, sub }: Profile): void {
  if (caller.issuer === issuer && caller.sub === sub) throw ownUser();
}

const reply = (profile: Profile): Reply<ProfileReply> =>
  Reply.tagged(toProfileReply(profile), etagOf(profile.version));
