import type { KeycloakIssuerSettings, KeycloakServiceSettings } from './settings.js';
import { complete, type SettingsReader } from './settings-reader.js';

/** Settings for verifying Keycloak tokens; null if Keycloak mode is off. */
export function keycloakIssuerSettings(reader: SettingsReader): KeycloakIssuerSettings | null | undefined {
  const url = reader.optional('KEYCLOAK_URL');
  if (url === null) {
    return null;
  }
  const realm = reader.required('KEYCLOAK_REALM');
  const internalUrl = reader.required('KEYCLOAK_INTERNAL_URL');
  // Keycloak encodes the realm name in `iss` in the same way.
  const path = `/realms/${encodeURIComponent(realm ?? '')}`;
  const issuer = `${url}${path}`;
  // If both issuers were the same, a token's issuer would not determine the keys that verify it.
  if (url && realm && reader.optional('JWT_ISSUER') === issuer) {
    reader.refuse('JWT_ISSUER', "must not be Keycloak's issuer, {KEYCLOAK_URL}/realms/{KEYCLOAK_REALM}");
  }
  return complete({
    issuer,
    jwksUrl: `${internalUrl}${path}/protocol/openid-connect/certs`,
    audience: reader.required('KEYCLOAK_AUDIENCE'),
    roleMap: reader.or('KEYCLOAK_ROLE_MAP', new Map()),
    maxLifetimeSeconds: reader.required('KEYCLOAK_TOKEN_MAX_MINUTES'),
    url,
    internalUrl,
    realm,
  });
}

/** Like `keycloakIssuerSettings`, with the client for the Admin API, which user-service calls. */
export function keycloakServiceSettings(reader: SettingsReader): KeycloakServiceSettings | null | undefined {
  const issuer = keycloakIssuerSettings(reader);
  if (issuer === null) {
    return null;
  }
  const client = complete({
    clientId: reader.required('KEYCLOAK_CLIENT_ID'),
    clientSecret: reader.required('KEYCLOAK_CLIENT_SECRET'),
  });
  return issuer && client && { ...issuer, ...client };
}
