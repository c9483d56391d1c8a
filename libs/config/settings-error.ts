/** An invalid or missing variable. The message never contains the variable's value. */
export interface SettingsProblem {
  variable: string;
  message: string;
}

/** All invalid and missing settings. The message has one line per problem. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly problems: SettingsProblem[]) {
    super(problems.map(({ variable, message }) => `${variable} ${message}`).join('\n'));
  }
}

/**
 * Thrown by the parsers. The message completes a sentence that starts with the variable's name. It contains the rule but
 * never the value, so that a secret in the wrong variable is not logged.
 */
export class InvalidValue extends Error {
  override readonly name = 'InvalidValue';
}
