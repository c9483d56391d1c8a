import { join } from 'node:path';
import { Option, SubCommand } from 'nest-commander';
import { type GeneratedKeys, generateKeyPair } from '#libs/config/keys.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print } from '../terminal.js';
import { asVariables, writeNewKeys } from './key-file.js';

interface GenerateOptions {
  write?: boolean;
  force?: boolean;
}

@SubCommand({
  name: 'generate',
  description: 'print a new key pair (RSA, 3072 bits) as lines for .env, or write it there',
})
export class KeysGenerateCommand extends StrictCommand {
  async run(_arguments: string[], { write = false, force = false }: GenerateOptions): Promise<void> {
    if (force && !write) this.command.error('error: --force goes with --write');
    if (!write) return printLines(await generateKeyPair());
    const kid = await writeNewKeys(join(projectRoot, '.env'), { force });
    print(`.env holds the new pair; its JWT_KID is ${kid}.`);
  }

  @Option({ flags: '--write', description: 'put the pair into .env, whose mode becomes 0600' })
  parseWrite(): boolean {
    return true;
  }

  @Option({
    flags: '--force',
    description: 'replace the pair that .env holds: its tokens are refused from then on',
  })
  parseForce(): boolean {
    return true;
  }
}

function printLines(keys: GeneratedKeys): void {
  for (const [name, value] of Object.entries(asVariables(keys))) print(`${name}=${value}`);
}
