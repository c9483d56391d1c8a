import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print } from '../terminal-output.js';

@SubCommand({
  name: 'withdraw',
  arguments: '<kid>',
  argsDescription: { kid: 'the id of the key' },
  description: 'after a leak: refuse all tokens of a key at once, everywhere and for ever',
})
export class KeysWithdrawCommand extends StrictCommand {
  async run([kid = '']: string[], { force = false }: { force?: boolean }): Promise<void> {
    const env = readEnvironment(projectRoot);
    const { withdrawKey } = await import('./withdrawal.js');
    await withOpenDatabase(env, projectRoot, async (opened) => {
      for (const line of await withdrawKey(kid, { root: projectRoot, env, databaseEnv: opened, force }))
        print(line);
    });
  }

  @Option({
    flags: '--force',
    description: 'also withdraw a key that is neither in the file nor in the JWKS',
  })
  parseForce(): boolean {
    return true;
  }
}
