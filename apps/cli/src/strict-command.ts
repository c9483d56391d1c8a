import { CommandRunner } from 'nest-commander';

/** The parser's own command. */
export type ParserCommand = Parameters<CommandRunner['setCommand']>[0];

/** A command that refuses arguments it does not know. The parser refuses unknown options by itself. */
export abstract class StrictCommand extends CommandRunner {
  override setCommand(command: ParserCommand): this {
    command.allowExcessArguments(false);
    return super.setCommand(command);
  }

  /** For an argument that is one of a few words: any other ends the process with one line. */
  protected oneOf<const T extends string>(words: readonly T[], word: string, what: string): T {
    const known = words.find((candidate) => candidate === word);
    if (known === undefined) this.command.error(`error: '${word}' is not ${what}: ${words.join(', ')}`);
    return known;
  }
}
