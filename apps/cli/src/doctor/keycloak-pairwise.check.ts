import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { withClient } from '#libs/database/connections/direct-client.js';
import { DEFAULT_KEYCLOAK_ISSUER } from '#libs/verify/src/issuers/issuer-id.js';
import { type CheckContext, type DoctorCheck, warning } from './check.js';
import { schemasIn } from './database.check.js';
import { fetchJson } from './fetch-json.js';
import type { ServiceToken } from './keycloak-token.check.js';

/**
 * Checks whether a client's tokens have pairwise subjects, which are not the ids of Keycloak users. The service account
 * cannot read clients, so the stored profiles are checked: a pairwise subject is a UUID of version 3, which is a hash; a
 * user id is not.
 * @returns no check if there is no such profile, or if the profiles cannot be read
 */
export async function checkPairwiseSubjects(
  { internalUrl, realm }: KeycloakServiceSettings,
  token: ServiceToken,
  context: CheckContext,
): Promise<DoctorCheck[]> {
  for (const subject of await hashedSubjects(context)) {
    const url = `${internalUrl}/admin/realms/${encodeURIComponent(realm)}/users/${subject}`;
    const answer = await fetchJson(url, { headers: { authorization: `Bearer ${token.text}` } });
    // Imported users can have such ids.
    if (typeof answer === 'string' || answer.status !== 404) continue;
    const message = `The profile with sub ${subject} matches no Keycloak user: the tokens of a client have pairwise subjects.`;
    const remedy =
      'Remove the mapper "Pairwise subject identifier" from that client, and delete such profiles (docs/keycloak.md).';
    return [warning('keycloak.pairwise', message, remedy)];
  }
  return [];
}

/** The ten newest subjects that look like a hash. */
async function hashedSubjects(context: CheckContext): Promise<string[]> {
  const users = schemasIn(context).find(({ name }) => name === 'users');
  if (!users) return [];
  try {
    return await withClient(users.dataSource, 'twinkey doctor', async (client) => {
      const { rows } = await client.query<{ sub: string }>(
        `SELECT i.sub FROM users.identities i JOIN users.users u ON u.id = i.user_id
          WHERE i.issuer = $1 AND u.status <> 'deleted'
            AND i.sub ~ '^[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$'
          ORDER BY i.told_at DESC LIMIT 10`,
        [DEFAULT_KEYCLOAK_ISSUER],
      );
      return rows.map(({ sub }) => sub);
    });
  } catch {
    // Reported by the database check.
    return [];
  }
}
