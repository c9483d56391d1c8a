import { port, secret } from '../parse/scalars.js';
import { type Variable, type Variables, wholeText } from './variable.js';

/** docker compose gives these to its containers; no app reads them. */
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
  USER_DB: name("The application's database.", 'userservice'),
  USER_DB_USER: name('Its user.', 'userservice'),
  USER_DB_PASSWORD: password("That user's password.", 'userservice'),
  USER_DB_PORT: {
    comment: 'Where that database is published on this machine.',
    parse: port,
    default: '5432',
    readBy: [],
  },
  KEYCLOAK_DB: name("Keycloak's database.", 'keycloak'),
  KEYCLOAK_DB_USER: name('Its user.', 'keycloak'),
  KEYCLOAK_DB_PASSWORD: password("That user's password.", 'keycloak'),
  KEYCLOAK_ADMIN: name("Keycloak's bootstrap admin.", 'admin'),
  KEYCLOAK_ADMIN_PASSWORD: password("That admin's password.", 'admin'),
} satisfies Variables;
