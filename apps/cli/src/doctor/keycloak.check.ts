import { keycloakSettings } from '#libs/config/command.settings.js';
import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { type DoctorCheck, type Examined, skipped } from './check.js';
import { checkPairwiseSubjects } from './keycloak-pairwise.check.js';
import { checkRealm } from './keycloak-realm.check.js';
import { checkRealmRoles } from './keycloak-realm-roles.check.js';
import { checkRights } from './keycloak-rights.check.js';
import { checkRoleMap } from './keycloak-role-map.check.js';
import { checkServiceToken, requestToken } from './keycloak-token.check.js';

/** Keycloak as the settings describe it, its realm, and the client that user-service is. */
export async function checkKeycloak(examined: Examined): Promise<DoctorCheck[]> {
  const settings = settingsIn(examined);
  if (settings === 'faulty') return [];
  if (settings === null) return [skipped('keycloak', 'KEYCLOAK_URL is not set: Keycloak mode is off.')];
  const [ofKeycloak, roleMap] = await Promise.all([
    checkServer(settings, examined),
    checkRoleMap(settings.roleMap, examined),
  ]);
  return [...ofKeycloak, roleMap];
}

async function checkServer(settings: KeycloakServiceSettings, examined: Examined): Promise<DoctorCheck[]> {
  const realm = await checkRealm(settings);
  if (realm.some(({ name, status }) => name === 'keycloak.reachable' && status === 'broken')) return realm;
  // identity-provider calls nothing but the keys.
  if (examined.apps === 'identity-provider') return realm;
  const answer = await requestToken(settings);
  if ('check' in answer) return [...realm, answer.check];
  return [
    ...realm,
    ...checkServiceToken(settings, answer),
    ...(await checkRights(settings, answer)),
    ...(await checkRealmRoles(settings, answer)),
    ...(await checkPairwiseSubjects(settings, answer, examined)),
  ];
}

function settingsIn({ apps, env }: Examined): KeycloakServiceSettings | null | 'faulty' {
  try {
    // The secret is user-service's alone.
    const secret =
      apps === 'identity-provider' ? { KEYCLOAK_CLIENT_SECRET: 'unused-by-identity-provider' } : {};
    return keycloakSettings({ ...env, ...secret });
  } catch (error) {
    if (error instanceof SettingsError) return 'faulty';
    throw error;
  }
}
