/** Includes every permission. There are no other wildcards. */
export const ALL_PERMISSIONS = '*';

/** Every permission that our endpoints need. `migrate` and `seed` store them in the database. */
export const PERMISSIONS = [
  { name: ALL_PERMISSIONS, description: 'Everything.' },
  { name: 'accounts:create', description: 'Create native accounts.' },
  { name: 'accounts:read', description: 'Read native accounts.' },
  { name: 'accounts:update', description: 'Change native accounts: names, email, password, role, status.' },
  { name: 'accounts:delete', description: 'Delete native accounts.' },
  { name: 'roles:create', description: 'Create roles.' },
  { name: 'roles:read', description: 'Read roles and what they permit.' },
  { name: 'roles:update', description: 'Change roles, their parents and their permissions.' },
  { name: 'roles:delete', description: 'Delete roles.' },
  { name: 'permissions:create', description: 'Create permissions.' },
  { name: 'permissions:read', description: 'Read permissions.' },
  { name: 'permissions:update', description: 'Change permissions.' },
  { name: 'permissions:delete', description: 'Delete permissions.' },
  { name: 'users:read', description: 'Read the profiles of all users.' },
  { name: 'users:update', description: 'Suspend users and let them in again.' },
  { name: 'users:delete', description: "Delete users' profiles." },
] as const;

/** `resource:action`. A service that uses this library can have its own permissions. */
export type PermissionName = `${string}:${string}`;
