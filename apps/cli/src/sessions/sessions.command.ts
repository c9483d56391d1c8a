import { Command, CommandRunner } from 'nest-commander';
import { SessionsEndCommand } from './sessions-end.command.js';
import { SessionsListCommand } from './sessions-list.command.js';

@Command({
  name: 'sessions',
  description: 'list and end the sessions of a native account',
  subCommands: [SessionsListCommand, SessionsEndCommand],
})
export class SessionsCommand extends CommandRunner {
  /** Only reports an error. The command is not strict, so an unknown subcommand is passed here as an argument. */
  async run([subcommand]: string[]): Promise<void> {
    const problem =
      subcommand === undefined ? 'sessions needs a subcommand' : `sessions has no subcommand '${subcommand}'`;
    this.command.error(`error: ${problem}: list or end`);
  }
}
