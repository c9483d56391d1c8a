import { port, secret } from '../parse/scalars.js';
import { type Variable, type Variables, wholeText } from './variable.js';

/** A variable that docker compose passes to its containers; no app reads it. */
const name = (comment: string, value: string): Variable<string> => ({
  comment,
  parse: secret,
  default: value,
  readBy: [],
});

const password = (comment: string, value: string): Variable<string> => ({
  ...name(comment, value),
  secretsIn: wholeText,
});

export const composeVariables = {
  USER_DB: name("The name of the application's database.", 'userservice'),
  USER_DB_USER: name('The user of that database.', 'userservice'),
  USER_DB_PASSWORD: password("That user's password.", 'userservice'),
  USER_DB_PORT: {
    comment: 'The port on this machine that the database is published on.',
    parse: port,
    default: '5432',
    readBy: [],
  },
  KEYCLOAK_DB: name("The name of Keycloak's database.", 'keycloak'),
  KEYCLOAK_DB_USER: name('The user of that database.', 'keycloak'),
  KEYCLOAK_DB_PASSWORD: password("That user's password.", 'keycloak'),
  KEYCLOAK_ADMIN: name("The user name of Keycloak's first administrator.", 'admin'),
  KEYCLOAK_ADMIN_PASSWORD: password("That administrator's password.", 'admin'),
  KEYCLOAK_PORT: name(
    'The port on this machine that Keycloak is published on. If KEYCLOAK_URL is set, it must contain this port.',
    '8080',
  ),
  KEYCLOAK_BACKCHANNEL_LOGOUT_URL: {
    ...name(
      "Where Keycloak sends the logouts of the client frontend: identity-provider's URL for Keycloak, followed by /api/v1/auth/backchannel-logout. It replaces a placeholder when the realm is imported.",
      'http://identity-provider:8001/api/v1/auth/backchannel-logout',
    ),
    defaultNote: 'identity-provider in its container; http://localhost:{PORT}/… with `npm run keycloak`',
    commentedOut: true,
  },
} satisfies Variables;
