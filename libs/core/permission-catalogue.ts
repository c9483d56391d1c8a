export interface CataloguePermission {
  name: string;
  description: string;
}

const IDENTITY_PROVIDER = [
  { name: 'accounts:create', description: 'Create native accounts.' },
  { name: 'accounts:read', description: 'Read native accounts.' },
  { name: 'accounts:update', description: 'Change native accounts: names, email, password, role, status.' },
  { name: 'accounts:delete', description: 'Delete native accounts.' },
  { name: 'roles:create', description: 'Create roles.' },
  { name: 'roles:read', description: 'Read roles and what they permit.' },
  { name: 'roles:update', description: 'Change roles, their parents and their permissions.' },
  { name: 'roles:delete', description: 'Delete roles.' },
  { name: 'sessions:read', description: 'Read the sessions of native accounts.' },
  { name: 'sessions:delete', description: 'End the sessions of native accounts.' },
  { name: 'permissions:create', description: 'Create permissions.' },
  { name: 'permissions:read', description: 'Read permissions.' },
  { name: 'permissions:update', description: 'Change permissions.' },
  { name: 'permissions:delete', description: 'Delete permissions.' },
  { name: 'authority:read', description: 'Read the authority feed, which tells what has been revoked.' },
  { name: 'clients:create', description: 'Create OAuth clients.' },
  { name: 'clients:read', description: 'Read OAuth clients.' },
  { name: 'clients:update', description: 'Change OAuth clients, and give them new secrets.' },
  { name: 'clients:delete', description: 'Delete OAuth clients.' },
] as const satisfies CataloguePermission[];

const USER_SERVICE = [
  { name: 'users:read', description: 'Read the profiles of all users.' },
  { name: 'users:update', description: 'Suspend users and let them in again.' },
  { name: 'users:delete', description: "Delete users' profiles." },
] as const satisfies CataloguePermission[];

const BOTH = [
  { name: 'audit:read', description: 'Read the audit log.' },
] as const satisfies CataloguePermission[];

/** Every permission that a route of either app requires. `migrate` and `seed` add them to the database. */
export const PERMISSION_CATALOGUE: readonly CataloguePermission[] = [
  { name: '*', description: 'Everything.' },
  ...IDENTITY_PROVIDER,
  ...USER_SERVICE,
  ...BOTH,
];

/** The name of a permission that a route can require. */
export type PermissionName = (typeof IDENTITY_PROVIDER | typeof USER_SERVICE | typeof BOTH)[number]['name'];
