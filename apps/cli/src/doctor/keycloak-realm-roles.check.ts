import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { type DoctorCheck, ok, skipped, warning } from './check.js';
import { fetchJson } from './fetch-json.js';
import type { ServiceToken } from './keycloak-token.check.js';

/** Whether the realm has every role that `KEYCLOAK_ROLE_MAP` names: nobody holds one that is not there. */
export async function checkRealmRoles(
  settings: KeycloakServiceSettings,
  token: ServiceToken,
): Promise<DoctorCheck[]> {
  const wanted = [...settings.roleMap.keys()];
  if (wanted.length === 0) return [];
  const name = 'keycloak.realm-roles';
  const known = await findRealmRoles(settings, token);
  if (!known) return [skipped(name, 'Keycloak does not show its roles to the service account.')];
  const missing = wanted.filter((role) => !known.has(role));
  return missing.length === 0
    ? [ok(name, `${wanted.join(', ')} ${wanted.length === 1 ? 'is' : 'are'} in the realm.`)]
    : [
        warning(
          name,
          `KEYCLOAK_ROLE_MAP names ${missing.join(', ')}, which realm ${settings.realm} does not have.`,
          `Create ${missing.length === 1 ? 'this realm role' : 'these realm roles'} in Keycloak, or correct KEYCLOAK_ROLE_MAP (case counts; a client's role is no realm role).`,
        ),
      ];
}

/**
 * The list of roles itself needs `view-realm`. With the rights of the service's account Keycloak tells the realm roles
 * that a user has, and those that the user could be given: together they are all of them.
 */
async function findRealmRoles(
  { internalUrl, realm }: KeycloakServiceSettings,
  { text, claims }: ServiceToken,
): Promise<Set<unknown> | null> {
  const mappings = `${internalUrl}/admin/realms/${realm}/users/${claims['sub']}/role-mappings/realm`;
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
