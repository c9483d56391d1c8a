import type { EntityManager } from 'typeorm';
import { newId } from '#libs/core/ids.js';
import { ALL_PERMISSIONS } from '#libs/verify/src/principal.js';
import { writeCommandAudit } from './seed.audit.js';

/** `user` has no permissions; `admin` inherits from it and has every permission. Only their descriptions can be changed. */
export const SYSTEM_ROLES = ['user', 'admin'] as const;
export type SystemRole = (typeof SYSTEM_ROLES)[number];

const DESCRIPTIONS: Record<SystemRole, string> = {
  user: 'Users without another role.',
  admin: 'Has every permission.',
};

/** Call under the authority's lock, after the permissions exist. @returns the names of the added roles */
export async function addSystemRoles(tx: EntityManager): Promise<string[]> {
  const names: string[] = [];
  for (const name of SYSTEM_ROLES) {
    const [added]: { id: string }[] = await tx.query(
      `INSERT INTO identity.roles (id, name, description, system, parent_id)
       VALUES ($1, $2, $3, true, (SELECT id FROM identity.roles WHERE name = $4))
       ON CONFLICT (lower(name)) DO NOTHING RETURNING id`,
      [newId(), name, DESCRIPTIONS[name], name === 'admin' ? 'user' : null],
    );
    if (!added) continue;
    names.push(name);
    await writeCommandAudit(tx, 'seed', {
      action: 'role.created',
      targetId: added.id,
      details: { after: { name, description: DESCRIPTIONS[name] } },
    });
  }
  if (names.includes('admin')) await grantAllPermissions(tx);
  return names;
}

const grantAllPermissions = (tx: EntityManager) =>
  tx.query(
    `INSERT INTO identity.role_permissions (role_id, permission_id)
     SELECT r.id, p.id FROM identity.roles r, identity.permissions p WHERE r.name = 'admin' AND p.name = $1`,
    [ALL_PERMISSIONS],
  );
