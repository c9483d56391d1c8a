import { join } from 'node:path';
import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { type GeneratedKeys, generateKeyPair } from '#libs/config/keys.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print } from '../terminal-output.js';
import { asVariables, writeNewKeys } from './key-file.js';
import { recordKeyChange } from './keys.audit.js';

interface GenerateOptions {
  write?: boolean;
  force?: boolean;
}

@SubCommand({
  name: 'generate',
  description: 'print a new key pair (RSA, 3072 bits) as lines for .env, or write it to .env',
})
export class KeysGenerateCommand extends StrictCommand {
  async run(_arguments: string[], { write = false, force = false }: GenerateOptions): Promise<void> {
    if (force && !write) this.command.error('error: --force requires --write');
    if (!write) return printLines(await generateKeyPair());
    const kid = await writeNewKeys(join(projectRoot, '.env'), { force });
    await recordKeyChange(readEnvironment(projectRoot), 'keys generate --write', 'key.activated', kid);
    print(`The new key pair is in .env. Its JWT_KID is ${kid}.`);
  }

  @Option({ flags: '--write', description: 'write the pair to .env and set its mode to 0600' })
  parseWrite(): boolean {
    return true;
  }

  @Option({
    flags: '--force',
    description: 'replace the existing pair in .env; tokens signed with it become invalid',
  })
  parseForce(): boolean {
    return true;
  }
}

function printLines(keys: GeneratedKeys): void {
  for (const [name, value] of Object.entries(asVariables(keys))) print(`${name}=${value}`);
}
