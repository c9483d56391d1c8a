import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { broken, type DoctorCheck, ok, warning } from './check.js';
import { fetchJson } from './fetch-json.js';
import type { ServiceToken } from './keycloak-token.check.js';

/** Of client `realm-management`: to find people, to read them, to change their names. */
const NEEDED = ['query-users', 'view-users', 'manage-users'];
/** Comes with `view-users`. */
const HARMLESS = ['query-groups'];

/** What the service's account may do: enough for its work, and nothing beyond it. */
export async function checkRights(
  settings: KeycloakServiceSettings,
  token: ServiceToken,
): Promise<DoctorCheck[]> {
  const name = 'keycloak.rights';
  const held = rolesIn(token.claims);
  const lacking = NEEDED.filter((role) => !held.includes(role));
  const account = `The service account of ${settings.clientId}`;
  if (lacking.length > 0) {
    const remedy = `Give it ${lacking.join(', ')} of client realm-management.`;
    return [broken(name, `${account} lacks ${lacking.join(', ')}.`, remedy)];
  }
  const users = `${settings.internalUrl}/admin/realms/${encodeURIComponent(settings.realm)}/users?max=1`;
  const answer = await fetchJson(users, {
    headers: { authorization: `Bearer ${token.text}` },
  });
  if (typeof answer === 'string' || answer.status !== 200) {
    const why = typeof answer === 'string' ? answer : `status ${answer.status}`;
    return [broken(name, `The Admin API refuses to list users: ${why}.`, 'Look at the log of Keycloak.')];
  }
  const beyond = held.filter((role) => !NEEDED.includes(role) && !HARMLESS.includes(role));
  return beyond.length === 0
    ? [ok(name, `${account} may find, read and change users.`)]
    : [
        warning(
          name,
          `${account} may do more than it needs: ${beyond.join(', ')}.`,
          'Take these roles from it.',
        ),
      ];
}

function rolesIn(claims: Record<string, unknown>): string[] {
  const access = claims['resource_access'] as Record<string, { roles?: unknown }> | undefined;
  const roles = access?.['realm-management']?.roles;
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
}
