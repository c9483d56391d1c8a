import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { Reads } from '#libs/database/replicas/reads.js';
import { Identity } from '#libs/database/users/identity.entity.js';
import { User } from '#libs/database/users/user.entity.js';
import type { ListPage } from '#libs/http/input/list-query.js';
import type { Precondition } from '#libs/http/replies/replies.js';
import type { Profile } from './profile.js';
import { getProfile } from './profile-rows.js';
import { StatusChanges } from './status-changes.js';
import type { StatusChange, UserListQuery } from './users.dto.js';
import { listUsers } from './users.list.js';

/** The administration of all users. */
@Injectable()
export class UsersService {
  constructor(
    private readonly database: DataSource,
    private readonly changes: StatusChanges,
    private readonly reads: Reads,
  ) {}

  /** @throws ApiError 422 */
  async list(query: UserListQuery): Promise<ListPage<Profile>> {
    return this.reads.run((manager) => listUsers(manager, query));
  }

  /** @throws ApiError 404, 412 */
  async get(id: string, precondition?: Precondition): Promise<Profile> {
    const profile = await getProfile(this.database.manager, id);
    precondition?.check(profile.version);
    return profile;
  }

  /** @throws ApiError as `StatusChanges.run` */
  async update(
    request: FastifyRequest,
    id: string,
    { status }: StatusChange,
    precondition: Precondition,
  ): Promise<Profile> {
    if (status === undefined) return this.get(id, precondition);
    return this.changes.run(request, { id, status, precondition }, async (tx) => {
      await tx.update(User, { id }, { status });
    });
  }

  /**
   * Erases the personal fields. The identity (issuer, sub) stays, so that the user's next token does not make a new profile.
   * @throws ApiError as `StatusChanges.run`
   */
  async delete(request: FastifyRequest, id: string, precondition: Precondition): Promise<void> {
    await this.changes.run(request, { id, status: 'deleted', precondition }, async (tx) => {
      await tx.update(
        User,
        { id },
        { status: 'deleted', displayName: null, profilePicture: null, settings: {} },
      );
      await tx.update(
        Identity,
        { userId: id },
        {
          username: null,
          usernameKey: null,
          email: null,
          emailKey: null,
          emailVerified: null,
          firstName: null,
          lastName: null,
        },
      );
    });
  }
}
