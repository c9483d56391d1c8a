import { SettingsError } from '#libs/config/settings-error.js';
import { complete, SettingsReader } from '#libs/config/settings-reader.js';
import { isLoopbackHost } from '#libs/http/application/loopback.js';
import { jwksUrlOf, publishedKeys } from '../keys/published-keys.js';
import { broken, type CheckContext, type DoctorCheck, ok, skipped, warning } from './check.js';
import { fetchJson, type JsonResponse } from './fetch-json.js';

const DISCOVERY = '/.well-known/openid-configuration';
const OWN_NAME = 'provider.issuer';

/**
 * Checks the OpenID Provider: whether browsers keep its cookies at the issuer, whether the issuer answers under its own
 * name, and whether its discovery document describes this issuer (OpenID Connect Discovery 1.0, section 4.3).
 */
export async function checkProvider({ apps, env }: CheckContext): Promise<DoctorCheck[]> {
  if (apps === 'user-service') return [];
  const reader = new SettingsReader(env);
  try {
    const { issuer, url } = reader.finish(
      complete({ issuer: reader.required('JWT_ISSUER'), url: reader.required('IDENTITY_PROVIDER_URL') }),
    );
    return [checkCookies(issuer), ...(await checkIssuer(issuer, url))];
  } catch (error) {
    // Reported by the settings check.
    if (error instanceof SettingsError) return [];
    throw error;
  }
}

/** Cookies without `Secure` are for http on loopback only, where browsers treat http as secure. */
function checkCookies(issuer: string): DoctorCheck {
  const name = 'provider.cookies';
  const { protocol, host } = new URL(issuer);
  if (protocol === 'https:') {
    return ok(
      name,
      `Cookies are Secure. The proxy at ${host} must pass Cookie and Set-Cookie unchanged and send X-Forwarded-For (TRUST_PROXY).`,
    );
  }
  if (isLoopbackHost(host)) return ok(name, `Cookies without Secure, which is right for http at ${host}.`);
  return warning(
    name,
    `${issuer} is http and not on loopback: cookies and passwords are sent unencrypted, and browsers refuse PKCE to pages without https.`,
    'Put a proxy with TLS in front of identity-provider, and set JWT_ISSUER to its https URL.',
  );
}

async function checkIssuer(issuer: string, internalUrl: string): Promise<DoctorCheck[]> {
  const isRunning = await publishedKeys(jwksUrlOf(internalUrl)).then(
    () => true,
    () => false,
  );
  if (!isRunning) return [skipped(OWN_NAME, `identity-provider does not answer at ${internalUrl}.`)];
  const url = `${issuer.replace(/\/$/, '')}${DISCOVERY}`;
  const answer = await fetchJson(url);
  if (typeof answer === 'string') {
    // This machine may see other names than browsers do, so this is no more than a warning.
    return [
      warning(
        OWN_NAME,
        `No response from ${url}: ${answer}. identity-provider answers at ${internalUrl}.`,
        'Let JWT_ISSUER be the URL that browsers and services use: check its DNS name, its certificate and the proxy.',
      ),
    ];
  }
  if (answer.status !== 200 || typeof answer.body?.['issuer'] !== 'string') {
    return [
      broken(
        OWN_NAME,
        `No discovery document found at ${url} (status ${answer.status}).`,
        'Let the proxy pass /.well-known/* and /oauth/* of the issuer to identity-provider, or correct JWT_ISSUER.',
      ),
    ];
  }
  return [ok(OWN_NAME, `Answers at ${issuer}.`), checkDiscovery(issuer, answer)];
}

function checkDiscovery(issuer: string, { body }: JsonResponse): DoctorCheck {
  const name = 'provider.discovery';
  const document = body ?? {};
  if (document['issuer'] !== issuer) {
    return broken(
      name,
      `The issuer that answers is ${document['issuer']}, but JWT_ISSUER is ${issuer}: clients refuse every token.`,
      'Restart identity-provider with this JWT_ISSUER, or let the proxy send the issuer to the right installation.',
    );
  }
  const elsewhere = Object.entries(document).filter(
    ([member, value]) => isEndpoint(member) && !isBelow(issuer, value),
  );
  if (elsewhere.length > 0) {
    return broken(
      name,
      `These addresses are not below the issuer: ${elsewhere.map(([member]) => member).join(', ')}.`,
      'Do not let a proxy change the discovery document.',
    );
  }
  return ok(name, 'Issuer and endpoints are those of the settings.');
}

const isEndpoint = (member: string): boolean => member.endsWith('_endpoint') || member === 'jwks_uri';

const isBelow = (issuer: string, value: unknown): boolean =>
  typeof value === 'string' && value.startsWith(`${issuer.replace(/\/$/, '')}/`);
