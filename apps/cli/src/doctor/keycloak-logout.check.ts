import { logoutClients } from '#libs/config/command.settings.js';
import type { KeycloakIssuerSettings } from '#libs/config/settings.js';
import { type CheckContext, type DoctorCheck, ok, skipped, warning } from './check.js';
import { fetchJson } from './fetch-json.js';

const NAME = 'keycloak.logout';
const PATH = '/api/v1/auth/backchannel-logout';
const URL_ATTRIBUTE = 'backchannel.logout.url';

interface Client {
  clientId?: string;
  frontchannelLogout?: boolean;
  attributes?: Record<string, string>;
}

/**
 * Checks whether Keycloak tells identity-provider of the logouts of the clients in `KEYCLOAK_LOGOUT_CLIENTS`. The service
 * account must not read clients, so this is checked only if Keycloak's administrator is in the environment.
 */
export async function checkLogout(
  settings: KeycloakIssuerSettings,
  { env }: CheckContext,
): Promise<DoctorCheck[]> {
  const { KEYCLOAK_ADMIN: username, KEYCLOAK_ADMIN_PASSWORD: password } = env;
  if (!username || !password) return [];
  const token = await adminToken(settings, { username, password });
  if (token === null) {
    return [skipped(NAME, 'Keycloak refuses KEYCLOAK_ADMIN and KEYCLOAK_ADMIN_PASSWORD.')];
  }
  const clients = (
    await Promise.all(logoutClients(env).map((clientId) => findClient(settings, token, clientId)))
  ).filter((client) => client !== null);
  const senders = clients.filter((client) => client.attributes?.[URL_ATTRIBUTE]);
  const [client] = senders;
  if (!client) {
    const missing = warning(
      NAME,
      'No client in KEYCLOAK_LOGOUT_CLIENTS sends its logouts: tokens stay valid until they expire.',
      `In Keycloak, set the Backchannel logout URL of your frontend's client to identity-provider's URL with ${PATH}, and list the client in KEYCLOAK_LOGOUT_CLIENTS.`,
    );
    return [missing];
  }
  const problems = senders.map(problemOf).filter((problem) => problem !== null);
  const names = senders.map(({ clientId }) => clientId).join(', ');
  return problems.length > 0
    ? problems
    : [ok(NAME, `Logouts of ${names} are sent to ${client.attributes?.[URL_ATTRIBUTE]}.`)];
}

function problemOf({ clientId, frontchannelLogout, attributes = {} }: Client): DoctorCheck | null {
  const url = attributes[URL_ATTRIBUTE] ?? '';
  if (!URL.canParse(url) || new URL(url).pathname.endsWith(PATH) === false) {
    return warning(
      NAME,
      `The Backchannel logout URL of client ${clientId} is ${url}.`,
      `Set it to identity-provider's URL with ${PATH}.`,
    );
  }
  if (frontchannelLogout) {
    return warning(
      NAME,
      `Client ${clientId} uses front-channel logout, so Keycloak sends nothing.`,
      'Turn Front channel logout off.',
    );
  }
  if (attributes['backchannel.logout.session.required'] !== 'true') {
    return warning(
      NAME,
      `Client ${clientId} names only the user in its logouts: each of them ends all sessions of the user.`,
      'Turn Backchannel logout session required on.',
    );
  }
  return null;
}

async function adminToken(
  { internalUrl }: KeycloakIssuerSettings,
  credentials: { username: string; password: string },
): Promise<string | null> {
  const answer = await fetchJson(`${internalUrl}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'admin-cli', ...credentials }),
  });
  const token = typeof answer === 'string' ? undefined : answer.body?.['access_token'];
  return typeof token === 'string' ? token : null;
}

/** `GET /admin/realms/{realm}/clients?clientId=…` */
async function findClient(
  { internalUrl, realm }: KeycloakIssuerSettings,
  token: string,
  clientId: string,
): Promise<Client | null> {
  const query = new URLSearchParams({ clientId });
  const answer = await fetchJson(
    `${internalUrl}/admin/realms/${encodeURIComponent(realm)}/clients?${query}`,
    {
      headers: { authorization: `Bearer ${token}` },
    },
  );
  // The answer is a list.
  const clients: unknown = typeof answer === 'string' ? [] : answer.body;
  return Array.isArray(clients) ? ((clients[0] as Client | undefined) ?? null) : null;
}
