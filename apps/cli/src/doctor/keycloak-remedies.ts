import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { findCertificateFault } from '#libs/core/certificate-fault.js';
import { fetchJsonOrThrow, type JsonResponse } from './fetch-json.js';

type Urls = Pick<KeycloakServiceSettings, 'url' | 'internalUrl' | 'realm'>;

/** The remedy if a Keycloak URL does not respond. Sends the request again to inspect the error. */
export async function connectionRemedy(url: string, settings: Urls): Promise<string> {
  const setting = settingOf(settings);
  const error = await fetchJsonOrThrow(url).then(
    () => null,
    (reason: unknown) => reason,
  );
  switch (findCertificateFault(error)) {
    case 'authority':
      return "Start Twinkey with NODE_EXTRA_CA_CERTS=/path/to/ca.pem, the CA that issued Keycloak's certificate. Set it in the environment: Node reads it before .env.";
    case 'name':
      return `Change ${setting}: its host must be a name in Keycloak's certificate.`;
    case 'time':
      return "Renew Keycloak's certificate, or correct this machine's clock.";
    case 'other':
      return "Replace Keycloak's certificate.";
    case null:
      return (await schemeRemedy(url, setting)) ?? `Start Keycloak, or correct ${setting}.`;
  }
}

/** The remedy if the URL responds, but not like a realm. */
export async function realmRemedy(
  url: string,
  { status, body }: JsonResponse,
  settings: Urls,
): Promise<string> {
  const setting = settingOf(settings);
  if (isUnknownRealm(body)) {
    return `Create or import realm ${settings.realm} in Keycloak, or correct KEYCLOAK_REALM (names are case-sensitive).`;
  }
  if (status === 404) {
    const base = new URL(settings.internalUrl);
    // Keycloak's path before version 17, and later with KC_HTTP_RELATIVE_PATH=/auth.
    const path = base.pathname === '/' ? '/auth' : '';
    const other = url.replace(settings.internalUrl, `${base.origin}${path}`);
    if (await isKeycloak(other)) {
      return path
        ? `This Keycloak runs under ${path}: ${setting} must end in ${path}.`
        : `This Keycloak does not run under ${base.pathname}: set ${setting} to ${base.origin}.`;
    }
  }
  return (
    (await schemeRemedy(url, setting)) ??
    `Correct ${setting}: the server at this URL is not Keycloak, or a proxy hides it.`
  );
}

const settingOf = ({ url, internalUrl }: Urls): string =>
  internalUrl === url ? 'KEYCLOAK_URL' : 'KEYCLOAK_INTERNAL_URL';

/** The remedy if the port uses http instead of https, or the reverse; otherwise null. */
async function schemeRemedy(url: string, setting: string): Promise<string | null> {
  if (url.startsWith('http:')) {
    return (await speaks(url.replace('http:', 'https:')))
      ? `This port speaks https: ${setting} must begin with https://.`
      : null;
  }
  if (!(await speaks(url.replace('https:', 'http:')))) return null;
  return setting === 'KEYCLOAK_URL'
    ? 'This port speaks http: KEYCLOAK_URL must begin with http://. If browsers reach Keycloak with https, set KEYCLOAK_INTERNAL_URL to the http URL instead.'
    : `This port speaks http: ${setting} must begin with http://.`;
}

async function speaks(url: string): Promise<boolean> {
  try {
    await fetchJsonOrThrow(url);
    return true;
  } catch (error) {
    return findCertificateFault(error) !== null;
  }
}

async function isKeycloak(url: string): Promise<boolean> {
  try {
    const { body } = await fetchJsonOrThrow(url);
    return typeof body?.['issuer'] === 'string' || isUnknownRealm(body);
  } catch {
    return false;
  }
}

/** Keycloak's response for an unknown realm. */
const isUnknownRealm = (body: JsonResponse['body']): boolean => body?.['error'] === 'Realm does not exist';
