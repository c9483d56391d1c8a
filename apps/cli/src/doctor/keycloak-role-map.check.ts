import { withClient } from '#libs/database/connections/direct-client.js';
import { type CheckContext, type DoctorCheck, ok, skipped, warning } from './check.js';
import { schemasIn } from './database.check.js';

/** Checks that every Twinkey role in `KEYCLOAK_ROLE_MAP` exists: an unknown role grants nothing. */
export async function checkRoleMap(
  roleMap: ReadonlyMap<string, string>,
  context: CheckContext,
): Promise<DoctorCheck> {
  const name = 'keycloak.role-map';
  const wanted = [...new Set(roleMap.values())];
  if (wanted.length === 0) {
    return skipped(name, 'KEYCLOAK_ROLE_MAP is empty: Keycloak roles grant no permissions.');
  }
  const known = await roleNames(context);
  if (!known) return skipped(name, 'The identity database cannot be used.');
  const unknown = wanted.filter((role) => !known.includes(role));
  return unknown.length === 0
    ? ok(name, `Twinkey has ${wanted.join(', ')}.`)
    : warning(
        name,
        `KEYCLOAK_ROLE_MAP names ${unknown.join(', ')}, which Twinkey does not have: no permissions are granted.`,
        'Create the role, or correct its name (names are case-sensitive).',
      );
}

async function roleNames(context: CheckContext): Promise<string[] | null> {
  const identity = schemasIn(context).find(({ name }) => name === 'identity');
  if (!identity) return null;
  try {
    return await withClient(identity.dataSource, 'twinkey doctor', async (client) => {
      const { rows } = await client.query<{ name: string }>('SELECT name FROM identity.roles');
      return rows.map(({ name }) => name);
    });
  } catch {
    return null;
  }
}
