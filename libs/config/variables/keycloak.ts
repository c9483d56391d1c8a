import { roleMap } from '../parse/lists.js';
import { ownSecret, realmName, secret, word } from '../parse/scalars.js';
import { internalBaseUrl, publicBaseUrl } from '../parse/urls.js';
import { BOTH_APPS, type Variables, wholeText } from './variable.js';

export const keycloakVariables = {
  KEYCLOAK_URL: {
    comment:
      "Keycloak as the browser sees it: a token's iss is {KEYCLOAK_URL}/realms/{KEYCLOAK_REALM}. Unset: Keycloak's tokens are not taken, and nothing else of this section is read.",
    parse: publicBaseUrl,
    defaultNote: 'none: Keycloak mode off',
    sample: 'http://localhost:8080',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  KEYCLOAK_INTERNAL_URL: {
    comment: 'Keycloak as the services reach it (JWKS, Admin API); may be http and private.',
    parse: internalBaseUrl,
    default: '{KEYCLOAK_URL}',
    sample: 'http://keycloak:8080',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  KEYCLOAK_REALM: {
    comment: 'The realm whose users are taken; needed with KEYCLOAK_URL.',
    parse: realmName,
    sample: 'myrealm',
    hint: 'the realm, since KEYCLOAK_URL is set',
    readBy: BOTH_APPS,
  },
  KEYCLOAK_CLIENT_ID: {
    comment: 'The confidential client that user-service calls the Admin API as.',
    parse: word,
    default: 'user-service',
    readBy: BOTH_APPS,
  },
  KEYCLOAK_CLIENT_SECRET: {
    comment: "That client's secret; needed with KEYCLOAK_URL. This one is the shipped realm's.",
    parse: ownSecret(secret),
    sample: 'change-me-in-production',
    hint: "the client's secret, since KEYCLOAK_URL is set",
    secretsIn: wholeText,
    readBy: ['user-service'],
  },
  KEYCLOAK_AUDIENCE: {
    comment: "What a Keycloak access token's aud must hold.",
    parse: word,
    default: '{KEYCLOAK_CLIENT_ID}',
    sample: 'user-service',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  KEYCLOAK_ROLE_MAP: {
    comment: 'Keycloak realm role = Twinkey role, comma-separated. A Keycloak role grants nothing by itself.',
    parse: roleMap,
    defaultNote: 'empty',
    sample: 'idp-admin=admin',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
} satisfies Variables;
