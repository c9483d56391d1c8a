import type { KeycloakServiceSettings } from '#libs/config/settings.js';
import { broken, type DoctorCheck, ok, warning } from './check.js';
import { fetchJson } from './fetch-json.js';
import { checkIssuer } from './keycloak-realm.check.js';

const LEEWAY_SECONDS = 30;
const NOTEWORTHY_SECONDS = 5;

/** An access token of the service's own account, and what stands in it. It never leaves the process. */
export interface ServiceToken {
  text: string;
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  /** Keycloak's clock against ours, in seconds, positive where it is ahead. */
  clockSkew: number;
}

/** Signs in as user-service does; tells why not where that fails. */
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
    return { check: broken(name, `Keycloak does not answer: ${answer}.`, 'Look at its log.') };
  }
  const token = decode(answer.body?.['access_token']);
  if (answer.status === 200 && token) {
    // Whole seconds, cut off.
    const issuedAt = Number(token.claims['iat']) + 0.5;
    return { ...token, clockSkew: Math.round(issuedAt - answer.at / 1000) };
  }
  const { error = 'no error code', error_description: description = '' } = answer.body ?? {};
  return {
    check: broken(
      name,
      `Keycloak refuses client ${clientId} (status ${answer.status}): ${error} ${description}`.trimEnd(),
      'The client must be confidential with service accounts enabled; KEYCLOAK_CLIENT_ID and KEYCLOAK_CLIENT_SECRET must be its own.',
    ),
  };
}

/** What a real token shows of the realm's configuration. */
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

/** A token that is issued ahead of our time, beyond the leeway of `libs/auth`, is refused. */
function checkClock(skew: number): DoctorCheck {
  const name = 'keycloak.clock';
  const seconds = Math.abs(skew);
  const message = `Keycloak's clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's.`;
  const remedy = 'Let both machines follow a time server (NTP).';
  if (seconds > LEEWAY_SECONDS) return broken(name, message, remedy);
  if (seconds > NOTEWORTHY_SECONDS) return warning(name, message, remedy);
  return ok(name, 'Keycloak and this machine agree on the time.');
}

function checkAlgorithm(algorithm: unknown): DoctorCheck {
  return algorithm === 'RS256'
    ? ok('keycloak.algorithm', 'Tokens are signed with RS256.')
    : broken(
        'keycloak.algorithm',
        `Tokens are signed with ${algorithm}, and only RS256 is taken.`,
        "Set the realm's default signature algorithm, or the client's, to RS256.",
      );
}

function checkSubject(subject: unknown): DoctorCheck {
  return typeof subject === 'string' && subject.trim() !== ''
    ? ok('keycloak.subject', 'Tokens name their user (sub).')
    : broken(
        'keycloak.subject',
        'Tokens have no sub: nobody can be told apart.',
        'Give the clients the built-in client scope basic.',
      );
}

/** What stands in tokens without any audience mapper. */
const BUILT_IN = ['account', 'account-console', 'broker', 'realm-management', 'security-admin-console'];

/** The service's own token stands in for those of people, which are got in a browser alone. */
function checkAudience({ audience, clientId }: KeycloakServiceSettings, found: unknown): DoctorCheck {
  const name = 'keycloak.audience';
  const audiences = [found].flat().filter((one) => typeof one === 'string' && !BUILT_IN.includes(one));
  if (audiences.includes(audience)) return ok(name, `Tokens are for ${audience}.`);
  if (audiences.length > 0) {
    return broken(
      name,
      `Tokens are for ${audiences.join(', ')}, and only those for ${audience} are taken.`,
      'Let KEYCLOAK_AUDIENCE be what the audience mapper of your clients adds.',
    );
  }
  // It may be the service's client alone that lacks the mapper.
  return warning(
    name,
    `The token of ${clientId} is not for ${audience}: callers with one like it get 401.`,
    `Give every client whose tokens are to be taken an audience mapper that adds ${audience}.`,
  );
}

/** For looking at, not for believing. */
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
