import { Command, CommandRunner } from 'nest-commander';
import { ClientsCreateCommand } from './clients-create.command.js';
import { ClientsDeleteCommand } from './clients-delete.command.js';
import { ClientsListCommand } from './clients-list.command.js';

@Command({
  name: 'clients',
  description: 'list, create and delete OAuth clients',
  subCommands: [ClientsListCommand, ClientsCreateCommand, ClientsDeleteCommand],
})
export class ClientsCommand extends CommandRunner {
  /** Only reports an error. The command is not strict, so an unknown subcommand is passed here as an argument. */
  async run([subcommand]: string[]): Promise<void> {
    const problem =
      subcommand === undefined ? 'clients needs a subcommand' : `clients has no subcommand '${subcommand}'`;
    this.command.error(`error: ${problem}: list, create or delete`);
  }
}
