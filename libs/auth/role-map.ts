/** Keycloak realm role → Twinkey role. */
export type RoleMap = ReadonlyMap<string, string>;

/** The Twinkey roles of someone with these realm roles: the union, each once. An unmapped realm role grants nothing. */
export function mapRealmRoles(realmRoles: readonly string[], map: RoleMap): string[] {
  const roles = new Set<string>();
  for (const realmRole of realmRoles) {
    const role = map.get(realmRole);
    if (role !== undefined) roles.add(role);
  }
  return [...roles];
}
