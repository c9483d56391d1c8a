import { clientIds, roleMap } from '../parse/lists.js';
import { integer, minutes, ownSecret, realmName, secret, visibleText } from '../parse/scalars.js';
import { internalBaseUrl, publicBaseUrl } from '../parse/urls.js';
import { BOTH_APPS, type Variables, wholeText } from './variable.js';

export const keycloakVariables = {
  KEYCLOAK_URL: {
    comment:
      "The URL of Keycloak for browsers; a token's iss is {KEYCLOAK_URL}/realms/{KEYCLOAK_REALM}. If unset, Keycloak tokens are refused and the other settings of this section are ignored.",
    parse: publicBaseUrl,
    defaultNote: 'none: Keycloak mode off',
    sample: 'http://localhost:8080',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  KEYCLOAK_INTERNAL_URL: {
    comment: 'The URL of Keycloak for the services (JWKS, Admin API); can be http and private.',
    parse: internalBaseUrl,
    default: '{KEYCLOAK_URL}',
    sample: 'http://keycloak:8080',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  KEYCLOAK_REALM: {
    comment: 'The realm whose users can sign in; required with KEYCLOAK_URL.',
    parse: realmName,
    sample: 'myrealm',
    hint: 'set the realm, because KEYCLOAK_URL is set',
    readBy: BOTH_APPS,
  },
  KEYCLOAK_CLIENT_ID: {
    comment: 'The confidential client that user-service uses for the Admin API.',
    parse: visibleText,
    default: 'user-service',
    readBy: BOTH_APPS,
  },
  KEYCLOAK_CLIENT_SECRET: {
    comment:
      'The secret of that client; required with KEYCLOAK_URL. The sample is the secret of the development realm.',
    parse: ownSecret(secret),
    sample: 'change-me-in-production',
    hint: "set the client's secret, because KEYCLOAK_URL is set",
    secretsIn: wholeText,
    readBy: ['user-service'],
  },
  KEYCLOAK_AUDIENCE: {
    comment: 'The audience (aud) that a Keycloak access token must contain.',
    parse: visibleText,
    default: '{KEYCLOAK_CLIENT_ID}',
    sample: 'user-service',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  KEYCLOAK_ROLE_MAP: {
    comment:
      'Maps Keycloak realm roles to Twinkey roles: keycloak-role=twinkey-role, comma-separated. Keycloak roles that are not listed grant no permissions.',
    parse: roleMap,
    defaultNote: 'empty',
    sample: 'idp-admin=admin',
    commentedOut: true,
    readBy: BOTH_APPS,
  },
  KEYCLOAK_TOKEN_MAX_MINUTES: {
    comment:
      "The longest life of the realm's access tokens in minutes, 1 to 43200. Tokens that live longer are refused; a logout is remembered for this time. Set it to the realm's longest Access Token Lifespan, so that less has to be remembered.",
    parse: minutes(43_200),
    default: '43200',
    readBy: BOTH_APPS,
  },
  KEYCLOAK_LOGOUT_CLIENTS: {
    comment:
      "The Keycloak clients whose logouts end sessions here (back-channel logout), comma-separated: the values of a logout token's aud that are accepted.",
    parse: clientIds,
    default: 'frontend,{KEYCLOAK_AUDIENCE}',
    sample: 'frontend',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
  KEYCLOAK_RECHECK_SECONDS: {
    comment:
      'How often Keycloak is asked whether people who have signed in recently are still enabled, since it does not announce that; 0 never asks.',
    parse: integer(0, 86_400),
    default: '60',
    readBy: ['user-service'],
  },
} satisfies Variables;
