import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { type DoctorCheck, ok, skipped, warning } from './check.js';
import { fetchJson } from './fetch-json.js';
import type { ServiceToken } from './keycloak-token.check.js';

/** Checks that the realm has every Keycloak role in `KEYCLOAK_ROLE_MAP`. */
export async function checkRealmRoles(
  settings: KeycloakServiceSettings,
  token: ServiceToken,
): Promise<DoctorCheck[]> {
  const wanted = [...settings.roleMap.keys()];
  if (wanted.length === 0) return [];
  const name = 'keycloak.realm-roles';
  const known = await findRealmRoles(settings, token);
  if (!known) return [skipped(name, 'The service account cannot read the roles of the realm.')];
  const missing = wanted.filter((role) => !known.has(role));
  return missing.length === 0
    ? [ok(name, `The realm has ${wanted.join(', ')}.`)]
    : [
        warning(
          name,
          `KEYCLOAK_ROLE_MAP names ${missing.join(', ')}, which realm ${settings.realm} does not have.`,
          `Create ${missing.length === 1 ? 'this realm role' : 'these realm roles'} in Keycloak, or correct KEYCLOAK_ROLE_MAP (names are case-sensitive; client roles are not realm roles).`,
        ),
      ];
}

/**
 * Listing the roles requires `view-realm`, which the service account does not have. It can read the realm roles that a
 * user has and those that can be added: together they are all realm roles.
 */
async function findRealmRoles(
  { internalUrl, realm }: KeycloakServiceSettings,
  { text, claims }: ServiceToken,
): Promise<Set<unknown> | null> {
  const realmUrl = `${internalUrl}/admin/realms/${encodeURIComponent(realm)}`;
  const mappings = `${realmUrl}/users/${claims['sub']}/role-mappings/realm`;
  const answers = await Promise.all(
    [mappings, `${mappings}/available`].map((url) =>
      fetchJson(url, { headers: { authorization: `Bearer ${text}` } }),
    ),
  );
  const roles = new Set<unknown>();
  for (const answer of answers) {
    if (typeof answer === 'string' || answer.status !== 200 || !Array.isArray(answer.body)) return null;
    for (const role of answer.body) roles.add((role as { name?: unknown } | null)?.name);
  }
  return roles;
}
