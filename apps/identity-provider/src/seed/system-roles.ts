import type { EntityManager } from 'typeorm';
import { ALL_PERMISSIONS } from '#libs/auth/has-permission.js';
import { newId } from '#libs/core/ids.js';

/** `user` holds nothing, `admin` inherits from it and holds everything. Of both the description alone may change. */
export const SYSTEM_ROLES = ['user', 'admin'] as const;
export type SystemRole = (typeof SYSTEM_ROLES)[number];

const DESCRIPTIONS: Record<SystemRole, string> = {
  user: 'Everybody who has no other role.',
  admin: 'Holds every permission.',
};

/** To be run under the authority's lock, after the permissions are there. @returns the names of those it made */
export async function addSystemRoles(tx: EntityManager): Promise<string[]> {
  const made: string[] = [];
  for (const name of SYSTEM_ROLES) {
    const added = await tx.query(
      `INSERT INTO identity.roles (id, name, description, system, parent_id)
       VALUES ($1, $2, $3, true, (SELECT id FROM identity.roles WHERE name = $4))
       ON CONFLICT (lower(name)) DO NOTHING RETURNING id`,
      [newId(), name, DESCRIPTIONS[name], name === 'admin' ? 'user' : null],
    );
    if (added.length > 0) made.push(name);
  }
  if (made.includes('admin')) await grantEverything(tx);
  return made;
}

const grantEverything = (tx: EntityManager) =>
  tx.query(
    `INSERT INTO identity.role_permissions (role_id, permission_id)
     SELECT r.id, p.id FROM identity.roles r, identity.permissions p WHERE r.name = 'admin' AND p.name = $1`,
    [ALL_PERMISSIONS],
  );
