/** An error that the user can fix: the command prints its message without a stack. */
export class KeycloakStartError extends Error {
  override readonly name = 'KeycloakProblem';
}
