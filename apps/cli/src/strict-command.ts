import { CommandRunner } from 'nest-commander';

/** The command type of the argument parser. */
export type ParserCommand = Parameters<CommandRunner['setCommand']>[0];

/** A command that refuses unknown arguments. The parser already refuses unknown options. */
export abstract class StrictCommand extends CommandRunner {
  override setCommand(command: ParserCommand): this {
    command.allowExcessArguments(false);
    return super.setCommand(command);
  }

  /** Returns the argument if it is an allowed value; otherwise the process ends with a one-line error. */
  protected oneOf<const T extends string>(allowed: readonly T[], value: string, kind: string): T {
    const known = allowed.find((candidate) => candidate === value);
    if (known === undefined)
      this.command.error(`error: '${value}' is not ${kind}: use ${allowed.join(', ')}`);
    return known;
  }
}
