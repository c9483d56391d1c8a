import { Command, CommandRunner } from 'nest-commander';
import { KeysGenerateCommand } from './keys-generate.command.js';
import { KeysRotateCommand } from './keys-rotate.command.js';
import { KeysWithdrawCommand } from './keys-withdraw.command.js';

@Command({
  name: 'keys',
  description: 'create, rotate and withdraw the keys that sign native tokens',
  subCommands: [KeysGenerateCommand, KeysRotateCommand, KeysWithdrawCommand],
})
export class KeysCommand extends CommandRunner {
  /** Only reports an error. The command is not strict, so an unknown subcommand is passed here as an argument. */
  async run([subcommand]: string[]): Promise<void> {
    const problem =
      subcommand === undefined ? 'keys needs a subcommand' : `keys has no subcommand '${subcommand}'`;
    this.command.error(`error: ${problem}: generate, rotate or withdraw`);
  }
}
