import { withClient } from '#libs/database/direct-client.js';
import { type DoctorCheck, type Examined, ok, skipped, warning } from './check.js';
import { schemasIn } from './database.check.js';

/** Whether every Twinkey role that `KEYCLOAK_ROLE_MAP` names exists: one that does not grants nothing. */
export async function checkRoleMap(roleMap: ReadonlyMap<string, string>, examined: Examined): Promise<DoctorCheck> {
  const name = 'keycloak.role-map';
  const wanted = [...new Set(roleMap.values())];
  if (wanted.length === 0) {
    return skipped(name, 'KEYCLOAK_ROLE_MAP is empty: roles of Keycloak grant nothing.');
  }
  const known = await roleNames(examined);
  if (!known) return skipped(name, 'The identity database cannot be used.');
  const unknown = wanted.filter((role) => !known.includes(role));
  return unknown.length === 0
    ? ok(name, `${wanted.join(', ')} ${wanted.length === 1 ? 'is there' : 'are there'}.`)
    : warning(
        name,
        `KEYCLOAK_ROLE_MAP names ${unknown.join(', ')}, which Twinkey has not: that grants nothing.`,
        'Create the role, or correct its name (case counts).',
      );
}

async function roleNames(examined: Examined): Promise<string[] | null> {
  const identity = schemasIn(examined).find(({ name }) => name === 'identity');
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
