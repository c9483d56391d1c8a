import { brandVariables } from './brand.js';
import { composeVariables } from './compose.js';
import { databaseVariables } from './databases.js';
import { keycloakVariables } from './keycloak.js';
import { listenerVariables } from './listeners.js';
import { loginVariables } from './login.js';
import { mailVariables } from './mail.js';
import { operationVariables } from './operation.js';
import { registrationVariables } from './registration.js';
import { sessionVariables } from './sessions.js';
import { tokenVariables } from './tokens.js';
import type { Variable, Variables } from './variable.js';

/** All variables, in the order of `.env.example` and docs/settings.md. */
export const SECTIONS: readonly { title: string; variables: Variables }[] = [
  { title: 'Environment and listeners', variables: listenerVariables },
  { title: 'Databases', variables: databaseVariables },
  { title: 'Native tokens', variables: tokenVariables },
  { title: 'Sessions', variables: sessionVariables },
  { title: 'Passwords and logins', variables: loginVariables },
  { title: 'Self-service', variables: registrationVariables },
  { title: 'Sign-in pages', variables: brandVariables },
  { title: 'Keycloak', variables: keycloakVariables },
  { title: 'Mail', variables: mailVariables },
  { title: 'HTTP and operation', variables: operationVariables },
  { title: 'docker compose', variables: composeVariables },
];

/** The variables that apps read, typed by name. */
export const VARIABLES = {
  ...listenerVariables,
  ...databaseVariables,
  ...tokenVariables,
  ...sessionVariables,
  ...loginVariables,
  ...registrationVariables,
  ...brandVariables,
  ...keycloakVariables,
  ...mailVariables,
  ...operationVariables,
};

export type VariableName = keyof typeof VARIABLES;
export type ValueOf<N extends VariableName> = ReturnType<(typeof VARIABLES)[N]['parse']>;

/** The variable's value in `.env.example`. */
export function sampleOf(variable: Variable): string {
  return variable.sample ?? (typeof variable.default === 'string' ? variable.default : '');
}
