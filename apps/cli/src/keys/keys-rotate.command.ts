import { setTimeout as sleep } from 'node:timers/promises';
import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print } from '../terminal.js';
import { RotatedFile } from './rotated-file.js';

interface RotateOptions {
  activate?: boolean;
  wait?: boolean;
}

const RESTART =
  'Restart identity-provider, every replica of it, and each service that holds JWT_PUBLIC_KEY itself';

@SubCommand({
  name: 'rotate',
  description: 'publish the next key beside the current one; later, with --activate, sign with it',
})
export class KeysRotateCommand extends StrictCommand {
  async run(_arguments: string[], { activate = false, wait = false }: RotateOptions): Promise<void> {
    if (wait && !activate) this.command.error('error: --wait goes with --activate');
    const file = RotatedFile.find(projectRoot, readEnvironment(projectRoot));
    const rotation = await import('./rotation.js');
    if (!activate) {
      const { kid } = await rotation.announceNextKey(projectRoot, file);
      print(`The next key ${kid} stands in JWT_ADDITIONAL_PUBLIC_KEYS of ${file.name}.`);
      return print(`${RESTART}, then run twinkey keys rotate --activate.`);
    }
    if (wait) await untilKnown(() => rotation.secondsUntilActive(projectRoot, file));
    const { kid, dropOldAfter } = await rotation.activateNextKey(projectRoot, file);
    print(`${file.name} signs with ${kid} from the next start on.`);
    print(`${RESTART}.`);
    print(
      `The old public key stays in JWT_ADDITIONAL_PUBLIC_KEYS: after a restart now its last token ends at ${dropOldAfter.toISOString()}, and then it may be dropped.`,
    );
  }

  @Option({ flags: '--activate', description: 'sign with the next key, once everybody can have read it' })
  parseActivate(): boolean {
    return true;
  }

  @Option({ flags: '--wait', description: 'with --activate: wait until then' })
  parseWait(): boolean {
    return true;
  }
}

async function untilKnown(secondsLeft: () => Promise<number>): Promise<void> {
  for (let seconds = await secondsLeft(); seconds > 0; seconds = await secondsLeft()) {
    print(`Waiting ${seconds} s, until everybody has read the next key …`);
    await sleep(seconds * 1000);
  }
}
