import { type EntityManager, Not } from 'typeorm';
import { User } from '#libs/database/users/user.entity.js';
import { notFound } from '#libs/http/replies/api-error.js';
import { type Profile, profileOf } from './profile.js';

/** Null for a deleted profile as well. */
export async function findProfile(manager: EntityManager, id: string): Promise<Profile | null> {
  const user = await manager.findOne(User, {
    where: { id, status: Not('deleted') },
    relations: { identities: true },
  });
  return user && profileOf(user);
}

/** @throws ApiError 404 */
export async function getProfile(manager: EntityManager, id: string): Promise<Profile> {
  const profile = await findProfile(manager, id);
  if (!profile) throw notFound();
  return profile;
}
