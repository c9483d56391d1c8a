import { doctorKeycloakSettings } from '#libs/config/command.settings.js';
import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { type CheckContext, type DoctorCheck, skipped } from './check.js';
import { checkLogout } from './keycloak-logout.check.js';
import { checkPairwiseSubjects } from './keycloak-pairwise.check.js';
import { checkRealm } from './keycloak-realm.check.js';
import { checkRealmRoles } from './keycloak-realm-roles.check.js';
import { checkRights } from './keycloak-rights.check.js';
import { checkRoleMap } from './keycloak-role-map.check.js';
import { checkServiceToken, requestToken } from './keycloak-token.check.js';

/** Checks Keycloak, its realm, and the client of user-service. */
export async function checkKeycloak(context: CheckContext): Promise<DoctorCheck[]> {
  const settings = settingsIn(context);
  if (settings === 'invalid') return [];
  if (settings === null) return [skipped('keycloak', 'KEYCLOAK_URL is not set: Keycloak mode is off.')];
  const [checks, roleMap] = await Promise.all([
    checkServer(settings, context),
    checkRoleMap(settings.roleMap, context),
  ]);
  const isReachable = checks.some(({ name, status }) => name === 'keycloak.reachable' && status === 'ok');
  return [...checks, roleMap, ...(isReachable ? await checkLogout(settings, context) : [])];
}

async function checkServer(settings: KeycloakServiceSettings, context: CheckContext): Promise<DoctorCheck[]> {
  const realm = await checkRealm(settings);
  if (realm.some(({ name, status }) => name === 'keycloak.reachable' && status === 'broken')) return realm;
  // identity-provider uses only the realm's keys.
  if (context.apps === 'identity-provider') return realm;
  const answer = await requestToken(settings);
  if ('check' in answer) return [...realm, answer.check];
  return [
    ...realm,
    ...checkServiceToken(settings, answer),
    ...(await checkRights(settings, answer)),
    ...(await checkRealmRoles(settings, answer)),
    ...(await checkPairwiseSubjects(settings, answer, context)),
  ];
}

function settingsIn({ apps, env }: CheckContext): KeycloakServiceSettings | null | 'invalid' {
  try {
    // Only user-service has the secret.
    const secret =
      apps === 'identity-provider' ? { KEYCLOAK_CLIENT_SECRET: 'unused-by-identity-provider' } : {};
    return doctorKeycloakSettings({ ...env, ...secret });
  } catch (error) {
    if (error instanceof SettingsError) return 'invalid';
    throw error;
  }
}
