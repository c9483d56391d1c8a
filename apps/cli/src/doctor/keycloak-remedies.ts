import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { findCertificateFault } from '#libs/core/certificate-fault.js';
import { type Answer, fetchAnswer } from './fetch-json.js';

type Urls = Pick<KeycloakServiceSettings, 'url' | 'internalUrl' | 'realm'>;

/** What to do where a URL of Keycloak gives no answer: asks it again, and looks at the error. */
export async function connectionRemedy(url: string, settings: Urls): Promise<string> {
  const setting = settingOf(settings);
  const error = await fetchAnswer(url).then(
    () => null,
    (reason: unknown) => reason,
  );
  switch (findCertificateFault(error)) {
    case 'authority':
      return "Start Twinkey with NODE_EXTRA_CA_CERTS=/path/to/ca.pem, the CA that issued Keycloak's certificate; set it in the environment, since Node reads it before .env.";
    case 'name':
      return `Let ${setting} name the host as Keycloak's certificate does.`;
    case 'time':
      return "Renew Keycloak's certificate, or correct this machine's clock.";
    case 'other':
      return "Replace Keycloak's certificate.";
    case null:
      return (await schemeRemedy(url, setting)) ?? `Start Keycloak, or correct ${setting}.`;
  }
}

/** What to do where something answers, and not as a realm does. */
export async function realmRemedy(url: string, { status, body }: Answer, settings: Urls): Promise<string> {
  const setting = settingOf(settings);
  if (isWithoutRealm(body)) {
    return `Create or import realm ${settings.realm} in Keycloak, or correct KEYCLOAK_REALM (case counts).`;
  }
  if (status === 404) {
    const base = new URL(settings.internalUrl);
    // Where Keycloak was until version 17, and still is with KC_HTTP_RELATIVE_PATH=/auth.
    const path = base.pathname === '/' ? '/auth' : '';
    const other = url.replace(settings.internalUrl, `${base.origin}${path}`);
    if (await isKeycloak(other)) {
      return path
        ? `This Keycloak is below ${path}: let ${setting} end in ${path}.`
        : `This Keycloak is not below ${base.pathname}: let ${setting} be ${base.origin}.`;
    }
  }
  return (
    (await schemeRemedy(url, setting)) ??
    `Correct ${setting}: what answers there is no Keycloak, or a proxy that hides it.`
  );
}

const settingOf = ({ url, internalUrl }: Urls): string =>
  internalUrl === url ? 'KEYCLOAK_URL' : 'KEYCLOAK_INTERNAL_URL';

/** Whether the other one of http and https is spoken there. */
async function schemeRemedy(url: string, setting: string): Promise<string | null> {
  if (url.startsWith('http:')) {
    return (await speaks(url.replace('http:', 'https:')))
      ? `This port speaks https: let ${setting} begin with https://.`
      : null;
  }
  if (!(await speaks(url.replace('https:', 'http:')))) return null;
  return setting === 'KEYCLOAK_URL'
    ? 'This port speaks http: let KEYCLOAK_URL begin with http://, or, where browsers reach Keycloak by https, KEYCLOAK_INTERNAL_URL.'
    : `This port speaks http: let ${setting} begin with http://.`;
}

async function speaks(url: string): Promise<boolean> {
  try {
    await fetchAnswer(url);
    return true;
  } catch (error) {
    return findCertificateFault(error) !== null;
  }
}

async function isKeycloak(url: string): Promise<boolean> {
  try {
    const { body } = await fetchAnswer(url);
    return typeof body?.['issuer'] === 'string' || isWithoutRealm(body);
  } catch {
    return false;
  }
}

/** Keycloak's answer for a realm that it does not have. */
const isWithoutRealm = (body: Answer['body']): boolean => body?.['error'] === 'Realm does not exist';
