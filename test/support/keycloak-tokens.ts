export interface TokenSet {
  accessToken: string;
  /** Where the scope holds `openid`. */
  idToken: string | null;
  refreshToken: string | null;
}

/**
 * Asks a realm's token endpoint (RFC 6749 section 4).
 * @param issuer `{url}/realms/{realm}`
 * Throws with Keycloak's own words where it refuses.
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

/** What a token says, unverified: `[header, payload]`. */
export function readToken(token: string): [Record<string, unknown>, Record<string, unknown>] {
  const read = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());
  const [header, payload] = token.split('.');
  return [read(header), read(payload)];
}
