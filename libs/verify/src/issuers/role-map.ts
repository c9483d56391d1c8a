/** Keycloak realm role → Twinkey role. */
export type RoleMap = ReadonlyMap<string, string>;

export const toRoleMap = (map: RoleMap | Readonly<Record<string, string>> = {}): RoleMap =>
  map instanceof Map ? map : new Map(Object.entries(map));

/** The Twinkey roles for these realm roles, each once. A realm role that is not mapped grants nothing. */
export function mapRealmRoles(realmRoles: readonly string[], map: RoleMap): string[] {
  const roles = new Set<string>();
  for (const realmRole of realmRoles) {
    const role = map.get(realmRole);
    if (role !== undefined) roles.add(role);
  }
  return [...roles];
}
