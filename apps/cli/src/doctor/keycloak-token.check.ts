import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { broken, type DoctorCheck, ok, warning } from './check.js';
import { fetchJson } from './fetch-json.js';
import { checkIssuer } from './keycloak-realm.check.js';

const LEEWAY_SECONDS = 30;
const WARNING_SECONDS = 5;

/** An access token of the service account. It never leaves the process. */
export interface ServiceToken {
  text: string;
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  /** The difference of Keycloak's clock to the local clock, in seconds; positive if Keycloak is ahead. */
  clockSkew: number;
}

/** Signs in like user-service does. @returns a failed check if Keycloak issues no token */
export async function requestToken(
  settings: KeycloakServiceSettings,
): Promise<ServiceToken | { check: DoctorCheck }> {
  const { internalUrl, realm, clientId, clientSecret } = settings;
  const name = 'keycloak.client';
  const answer = await fetchJson(
    `${internalUrl}/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`,
    {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      }),
    },
  );
  if (typeof answer === 'string') {
    return { check: broken(name, `Keycloak does not respond: ${answer}.`, 'Check the Keycloak log.') };
  }
  const token = decode(answer.body?.['access_token']);
  if (answer.status === 200 && token) {
    // iat has whole seconds, rounded down.
    const issuedAt = Number(token.claims['iat']) + 0.5;
    return { ...token, clockSkew: Math.round(issuedAt - answer.at / 1000) };
  }
  const { error = 'no error code', error_description: description = '' } = answer.body ?? {};
  return {
    check: broken(
      name,
      `Keycloak refuses client ${clientId} (status ${answer.status}): ${error} ${description}`.trimEnd(),
      'The client must be confidential with service accounts enabled; KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET must belong to it.',
    ),
  };
}

/** Checks the realm's configuration by the claims of a real token. */
export function checkServiceToken(
  settings: KeycloakServiceSettings,
  { header, claims, clockSkew }: ServiceToken,
): DoctorCheck[] {
  return [
    ok('keycloak.client', `${settings.clientId} signs in.`),
    ...(claims['iss'] === settings.issuer ? [] : [checkIssuer(settings.issuer, claims['iss'])]),
    checkClock(clockSkew),
    checkAlgorithm(header['alg']),
    checkSubject(claims['sub']),
    checkAudience(settings, claims['aud']),
  ];
}

/** `libs/verify` refuses a token that was issued in the future, beyond its leeway. */
function checkClock(skew: number): DoctorCheck {
  const name = 'keycloak.clock';
  const seconds = Math.abs(skew);
  const message = `Keycloak's clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's.`;
  const remedy = 'Synchronize both machines with a time server (NTP).';
  if (seconds > LEEWAY_SECONDS) return broken(name, message, remedy);
  if (seconds > WARNING_SECONDS) return warning(name, message, remedy);
  return ok(name, 'The clocks of Keycloak and this machine agree.');
}

function checkAlgorithm(algorithm: unknown): DoctorCheck {
  return algorithm === 'RS256'
    ? ok('keycloak.algorithm', 'Tokens are signed with RS256.')
    : broken(
        'keycloak.algorithm',
        `Tokens are signed with ${algorithm}, but only RS256 is accepted.`,
        "Set the realm's default signature algorithm, or the client's, to RS256.",
      );
}

function checkSubject(subject: unknown): DoctorCheck {
  return typeof subject === 'string' && subject.trim() !== ''
    ? ok('keycloak.subject', 'Tokens contain the user id (sub).')
    : broken(
        'keycloak.subject',
        'Tokens have no sub claim: users cannot be identified.',
        'Add the built-in client scope basic to the clients.',
      );
}

/** Audiences of tokens without any audience mapper. */
const BUILT_IN = ['account', 'account-console', 'broker', 'realm-management', 'security-admin-console'];

/** Checks the service's token, because tokens of users can only be obtained in a browser. */
function checkAudience({ audience, clientId }: KeycloakServiceSettings, found: unknown): DoctorCheck {
  const name = 'keycloak.audience';
  const audiences = [found].flat().filter((one) => typeof one === 'string' && !BUILT_IN.includes(one));
  if (audiences.includes(audience)) return ok(name, `Tokens are for ${audience}.`);
  if (audiences.length > 0) {
    return broken(
      name,
      `Tokens are for ${audiences.join(', ')}, but only tokens for ${audience} are accepted.`,
      'Set KEYCLOAK_AUDIENCE to the audience that the audience mapper of your clients adds.',
    );
  }
  // Perhaps only the service's client lacks the mapper.
  return warning(
    name,
    `The token of ${clientId} is not for ${audience}: requests with such a token get status 401.`,
    `Add an audience mapper for ${audience} to every client whose tokens should be accepted.`,
  );
}

/** Decodes the token without verifying its signature. */
function decode(text: unknown): Omit<ServiceToken, 'clockSkew'> | null {
  if (typeof text !== 'string') return null;
  try {
    const [header, claims] = text
      .split('.')
      .slice(0, 2)
      .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
    return { text, header, claims };
  } catch {
    return null;
  }
}
