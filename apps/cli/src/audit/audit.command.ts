import { Command, CommandRunner } from 'nest-commander';
import { AuditExportCommand } from './audit-export.command.js';

@Command({ name: 'audit', description: 'read the audit log', subCommands: [AuditExportCommand] })
export class AuditCommand extends CommandRunner {
  /** Only reports an error. The command is not strict, so an unknown subcommand is passed here as an argument. */
  async run([subcommand]: string[]): Promise<void> {
    const problem =
      subcommand === undefined ? 'audit needs a subcommand' : `audit has no subcommand '${subcommand}'`;
    this.command.error(`error: ${problem}: export`);
  }
}
