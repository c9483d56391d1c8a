import { Command, CommandRunner } from 'nest-commander';
import { TokensExplainCommand } from './tokens-explain.command.js';

@Command({ name: 'tokens', description: 'explain access tokens', subCommands: [TokensExplainCommand] })
export class TokensCommand extends CommandRunner {
  /** Only reports an error. The command is not strict, so an unknown subcommand is passed here as an argument. */
  async run([subcommand]: string[]): Promise<void> {
    const problem =
      subcommand === undefined ? 'tokens needs a subcommand' : `tokens has no subcommand '${subcommand}'`;
    this.command.error(`error: ${problem}: explain`);
  }
}
