import type { KeycloakIssuerSettings, KeycloakServiceSettings } from './settings.js';
import { type SettingsReader, whole } from './settings-reader.js';

/** Where to find Keycloak's keys, and which of its tokens count; null where Keycloak mode is off. */
export function keycloakIssuerSettings(reader: SettingsReader): KeycloakIssuerSettings | null | undefined {
  const url = reader.optional('KEYCLOAK_URL');
  if (url === null) {
    return null;
  }
  const realm = reader.required('KEYCLOAK_REALM');
  const internalUrl = reader.required('KEYCLOAK_INTERNAL_URL');
  // As Keycloak itself writes the realm's name in `iss`.
  const path = `/realms/${encodeURIComponent(realm ?? '')}`;
  const issuer = `${url}${path}`;
  // One issuer, one set of keys: were both the same text, a token's issuer would not decide which keys count.
  if (url && realm && reader.optional('JWT_ISSUER') === issuer) {
    reader.refuse('JWT_ISSUER', "must not be Keycloak's issuer, {KEYCLOAK_URL}/realms/{KEYCLOAK_REALM}");
  }
  return whole({
    issuer,
    jwksUrl: `${internalUrl}${path}/protocol/openid-connect/certs`,
    audience: reader.required('KEYCLOAK_AUDIENCE'),
    roleMap: reader.or('KEYCLOAK_ROLE_MAP', new Map()),
    url,
    internalUrl,
    realm,
  });
}

/** The same for user-service, which also calls the Admin API. */
export function keycloakServiceSettings(reader: SettingsReader): KeycloakServiceSettings | null | undefined {
  const issuer = keycloakIssuerSettings(reader);
  if (issuer === null) {
    return null;
  }
  const client = whole({
    clientId: reader.required('KEYCLOAK_CLIENT_ID'),
    clientSecret: reader.required('KEYCLOAK_CLIENT_SECRET'),
  });
  return issuer && client && { ...issuer, ...client };
}
