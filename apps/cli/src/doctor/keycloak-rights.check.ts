import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { broken, type DoctorCheck, ok, warning } from './check.js';
import { fetchJson } from './fetch-json.js';
import type { ServiceToken } from './keycloak-token.check.js';

/** Roles of client `realm-management`: find users, read them, change their names. */
const REQUIRED = ['query-users', 'view-users', 'manage-users'];
/** Included in `view-users`. */
const ALLOWED = ['query-groups'];

/** Checks that the service account has the required roles, and no others. */
export async function checkRights(
  settings: KeycloakServiceSettings,
  token: ServiceToken,
): Promise<DoctorCheck[]> {
  const name = 'keycloak.rights';
  const granted = rolesIn(token.claims);
  const missing = REQUIRED.filter((role) => !granted.includes(role));
  const account = `The service account of ${settings.clientId}`;
  if (missing.length > 0) {
    const remedy = `Assign the roles ${missing.join(', ')} of client realm-management to it.`;
    return [broken(name, `${account} lacks ${missing.join(', ')}.`, remedy)];
  }
  const users = `${settings.internalUrl}/admin/realms/${encodeURIComponent(settings.realm)}/users?max=1`;
  const answer = await fetchJson(users, {
    headers: { authorization: `Bearer ${token.text}` },
  });
  if (typeof answer === 'string' || answer.status !== 200) {
    const reason = typeof answer === 'string' ? answer : `status ${answer.status}`;
    return [broken(name, `The Admin API refuses to list users: ${reason}.`, 'Check the Keycloak log.')];
  }
  const excess = granted.filter((role) => !REQUIRED.includes(role) && !ALLOWED.includes(role));
  return excess.length === 0
    ? [ok(name, `${account} can find, read and change users.`)]
    : [
        warning(
          name,
          `${account} has roles that it does not need: ${excess.join(', ')}.`,
          'Remove these roles from it.',
        ),
      ];
}

function rolesIn(claims: Record<string, unknown>): string[] {
  const access = claims['resource_access'] as Record<string, { roles?: unknown }> | undefined;
  const roles = access?.['realm-management']?.roles;
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
}
