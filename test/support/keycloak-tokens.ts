import { decodeJwt, decodeProtectedHeader } from 'jose';

export interface TokenSet {
  accessToken: string;
  /** Present if the scope contains `openid`. */
  idToken: string | null;
  refreshToken: string | null;
}

/**
 * Calls a realm's token endpoint (RFC 6749 section 4).
 * @param issuer `{url}/realms/{realm}`
 * @throws Error with Keycloak's error code and description
 */
export async function requestTokens(issuer: string, parameters: Record<string, string>): Promise<TokenSet> {
  const response = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams(parameters),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) {
    throw new Error(`${response.status} ${answer['error']}: ${answer['error_description']}`);
  }
  const text = (name: string) => (typeof answer[name] === 'string' ? answer[name] : null);
  return {
    accessToken: String(answer['access_token']),
    idToken: text('id_token'),
    refreshToken: text('refresh_token'),
  };
}

/** The access token of a client's service account. @param issuer `{url}/realms/{realm}` */
export async function requestClientToken(issuer: string, clientId: string, secret: string): Promise<string> {
  const client = { client_id: clientId, client_secret: secret };
  return (await requestTokens(issuer, { grant_type: 'client_credentials', ...client })).accessToken;
}

/** `[header, payload]` of a token, not verified. */
export function readToken(token: string): [Record<string, unknown>, Record<string, unknown>] {
  return [{ ...decodeProtectedHeader(token) }, decodeJwt(token)];
}
