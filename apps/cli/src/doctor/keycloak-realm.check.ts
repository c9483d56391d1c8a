import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { broken, type DoctorCheck, ok } from './check.js';
import { fetchJson } from './fetch-json.js';
import { connectionRemedy, realmRemedy } from './keycloak-remedies.js';

/** Checks the realm's public endpoints: discovery, issuer and keys. */
export async function checkRealm(settings: KeycloakServiceSettings): Promise<DoctorCheck[]> {
  const { internalUrl, realm, issuer } = settings;
  const url = `${internalUrl}/realms/${encodeURIComponent(realm)}/.well-known/openid-configuration`;
  const answer = await fetchJson(url);
  const name = 'keycloak.reachable';
  if (typeof answer === 'string') {
    return [broken(name, `No response from ${url}: ${answer}.`, await connectionRemedy(url, settings))];
  }
  if (answer.status !== 200 || typeof answer.body?.['issuer'] !== 'string') {
    const message = `No realm found at ${url} (status ${answer.status}).`;
    return [broken(name, message, await realmRemedy(url, answer, settings))];
  }
  return [
    ok(name, `Realm ${realm} answers at ${internalUrl}.`),
    checkIssuer(issuer, answer.body['issuer']),
    await checkKeySet(settings.jwksUrl),
  ];
}

export function checkIssuer(expected: string, found: unknown): DoctorCheck {
  if (found === expected) return ok('keycloak.issuer', `${expected}.`);
  // KEYCLOAK_URL is converted to lower case, as browsers do with a host.
  const remedy =
    String(found).toLowerCase() === expected.toLowerCase()
      ? "Write the host in Keycloak's hostname setting (KC_HOSTNAME) in lower case."
      : "Set both KEYCLOAK_URL and Keycloak's hostname setting (KC_HOSTNAME) to the URL that browsers use.";
  return broken(
    'keycloak.issuer',
    `Keycloak's issuer is ${found}, but the settings expect ${expected}: every token is refused.`,
    remedy,
  );
}

async function checkKeySet(url: string): Promise<DoctorCheck> {
  const name = 'keycloak.keys';
  const answer = await fetchJson(url);
  const remedy =
    'Make sure that the realm has an active RS256 key and that KEYCLOAK_INTERNAL_URL is correct.';
  if (typeof answer === 'string') return broken(name, `No response from ${url}: ${answer}.`, remedy);
  const keys = answer.body?.['keys'];
  const usable = Array.isArray(keys) ? keys.filter(isUsable).length : 0;
  return usable > 0
    ? ok(name, `${usable} usable at ${url}.`)
    : broken(name, `No RS256 key found at ${url} (status ${answer.status}).`, remedy);
}

function isUsable(key: unknown): boolean {
  const { kty, use, alg = 'RS256' } = (key ?? {}) as Record<string, unknown>;
  return kty === 'RSA' && use === 'sig' && alg === 'RS256';
}
