/** One fault: the variable that holds it, and what is wrong. The message never contains the variable's value. */
export interface SettingsProblem {
  variable: string;
  message: string;
}

/** All that is bad or missing in the settings, at once. The message has one line for each problem. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly problems: SettingsProblem[]) {
    super(problems.map(({ variable, message }) => `${variable} ${message}`).join('\n'));
  }
}

/**
 * Thrown by the parsers. Its message completes a sentence that begins with the variable's name, and says
 * the rule, never the value: nothing that was pasted into the wrong variable ends up in a log.
 */
export class InvalidValue extends Error {
  override readonly name = 'InvalidValue';
}
