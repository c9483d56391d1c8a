import { Command, CommandRunner } from 'nest-commander';
import { KeysGenerateCommand } from './keys-generate.command.js';
import { KeysRotateCommand } from './keys-rotate.command.js';

@Command({
  name: 'keys',
  description: 'make and rotate the keys that sign native tokens',
  subCommands: [KeysGenerateCommand, KeysRotateCommand],
})
export class KeysCommand extends CommandRunner {
  /** Nothing by itself; not strict, so that a wrong subcommand comes here and is named. */
  async run([word]: string[]): Promise<void> {
    const problem = word === undefined ? 'keys needs a subcommand' : `keys has no subcommand '${word}'`;
    this.command.error(`error: ${problem}: generate or rotate`);
  }
}
