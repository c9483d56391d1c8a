import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { broken, type DoctorCheck, ok } from './check.js';
import { fetchJson } from './fetch-json.js';
import { connectionRemedy, realmRemedy } from './keycloak-remedies.js';

/** The realm's public side: discovery, issuer and keys. */
export async function checkRealm(settings: KeycloakServiceSettings): Promise<DoctorCheck[]> {
  const { internalUrl, realm, issuer } = settings;
  const url = `${internalUrl}/realms/${encodeURIComponent(realm)}/.well-known/openid-configuration`;
  const answer = await fetchJson(url);
  const name = 'keycloak.reachable';
  if (typeof answer === 'string') {
    return [broken(name, `No answer from ${url}: ${answer}.`, await connectionRemedy(url, settings))];
  }
  if (answer.status !== 200 || typeof answer.body?.['issuer'] !== 'string') {
    const message = `There is no realm at ${url}: status ${answer.status}.`;
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
  // KEYCLOAK_URL is read in lower case, as browsers send a host.
  const remedy =
    String(found).toLowerCase() === expected.toLowerCase()
      ? "Write the host in Keycloak's own hostname setting (KC_HOSTNAME) in lower case."
      : "Let KEYCLOAK_URL be the URL that browsers use, and Keycloak's own hostname setting (KC_HOSTNAME) the same.";
  return broken(
    'keycloak.issuer',
    `Keycloak calls itself ${found}, the settings say ${expected}: every token is refused.`,
    remedy,
  );
}

async function checkKeySet(url: string): Promise<DoctorCheck> {
  const name = 'keycloak.keys';
  const answer = await fetchJson(url);
  const remedy = 'Let the realm have an active RS256 key, and KEYCLOAK_INTERNAL_URL reach it.';
  if (typeof answer === 'string') return broken(name, `No answer from ${url}: ${answer}.`, remedy);
  const keys = answer.body?.['keys'];
  const usable = Array.isArray(keys) ? keys.filter(isUsable).length : 0;
  return usable > 0
    ? ok(name, `${usable} to verify with, at ${url}.`)
    : broken(name, `There is no key for RS256 at ${url}: status ${answer.status}.`, remedy);
}

function isUsable(key: unknown): boolean {
  const { kty, use, alg = 'RS256' } = (key ?? {}) as Record<string, unknown>;
  return kty === 'RSA' && use === 'sig' && alg === 'RS256';
}
