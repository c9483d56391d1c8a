import { CreateUsersAndIdentities1764000000000 } from './1764000000000-create-users-and-identities.js';

/** Every migration of schema `users`; they run in the order of the timestamps in their names. */
export const usersMigrations = [CreateUsersAndIdentities1764000000000];
