import { Command, CommandRunner } from 'nest-commander';
import { MailListCommand } from './mail-list.command.js';

@Command({ name: 'mail', description: 'read the outbox of mails', subCommands: [MailListCommand] })
export class MailCommand extends CommandRunner {
  /** Only reports an error. The command is not strict, so an unknown subcommand is passed here as an argument. */
  async run([subcommand]: string[]): Promise<void> {
    const problem =
      subcommand === undefined ? 'mail needs a subcommand' : `mail has no subcommand '${subcommand}'`;
    this.command.error(`error: ${problem}: list`);
  }
}
