/** Something that the person at the terminal can put right: its message is for them, a stack would not help. */
export class KeycloakStartError extends Error {
  override readonly name = 'KeycloakProblem';
}
