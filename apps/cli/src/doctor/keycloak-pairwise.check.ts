import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { withClient } from '#libs/database/direct-client.js';
import { fetchJson } from './fetch-json.js';
import { type DoctorCheck, type Examined, warning } from './check.js';
import { schemasIn } from './database.check.js';
import type { ServiceToken } from './keycloak-token.check.js';

/**
 * Whether people have called with pairwise subjects, which no user of Keycloak has. The service's account may not look
 * at clients, so their profiles tell: such a subject is a UUID of version 3, made of a hash, and a user's id is none.
 * @returns nothing where there is no such profile, or where that cannot be looked at
 */
export async function checkPairwiseSubjects(
  { internalUrl, realm }: KeycloakServiceSettings,
  token: ServiceToken,
  examined: Examined,
): Promise<DoctorCheck[]> {
  for (const subject of await hashedSubjects(examined)) {
    const url = `${internalUrl}/admin/realms/${encodeURIComponent(realm)}/users/${subject}`;
    const answer = await fetchJson(url, { headers: { authorization: `Bearer ${token.text}` } });
    // Users who were imported may have such ids.
    if (typeof answer === 'string' || answer.status !== 404) continue;
    const message = `The profile with sub ${subject} is no user's of Keycloak: a client's tokens have pairwise subjects.`;
    const remedy =
      'Take the mapper "Pairwise subject identifier" from that client, and delete such profiles: docs/keycloak.md.';
    return [warning('keycloak.pairwise', message, remedy)];
  }
  return [];
}

/** The newest ones. */
async function hashedSubjects(examined: Examined): Promise<string[]> {
  const users = schemasIn(examined).find(({ name }) => name === 'users');
  if (!users) return [];
  try {
    return await withClient(users.dataSource, 'twinkey doctor', async (client) => {
      const { rows } = await client.query<{ sub: string }>(
        `SELECT i.sub FROM users.identities i JOIN users.users u ON u.id = i.user_id
          WHERE i.issuer = 'keycloak' AND u.status <> 'deleted'
            AND i.sub ~ '^[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$'
          ORDER BY i.told_at DESC LIMIT 10`,
      );
      return rows.map(({ sub }) => sub);
    });
  } catch {
    // What is wrong with the database, its own check tells.
    return [];
  }
}
