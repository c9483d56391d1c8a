import { setTimeout as sleep } from 'node:timers/promises';
import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print } from '../terminal-output.js';
import { recordKeyChange } from './keys.audit.js';
import { RotatedFile } from './rotated-file.js';

interface RotateOptions {
  activate?: boolean;
  wait?: boolean;
}

const OTHER_MACHINES =
  'Processes that read this file use it within five seconds. Change the key files of other machines too, and restart processes whose keys come from environment variables';

@SubCommand({
  name: 'rotate',
  description: 'publish the next key together with the current one; later, with --activate, sign with it',
})
export class KeysRotateCommand extends StrictCommand {
  async run(_arguments: string[], { activate = false, wait = false }: RotateOptions): Promise<void> {
    if (wait && !activate) this.command.error('error: --wait requires --activate');
    const env = readEnvironment(projectRoot);
    const file = RotatedFile.find(projectRoot, env);
    const rotation = await import('./key-rotation.js');
    if (!activate) {
      const { kid, isNew } = await rotation.announceNextKey(projectRoot, file);
      if (isNew) await recordKeyChange(env, 'keys rotate', 'key.published', kid);
      print(`The next key ${kid} is in JWT_ADDITIONAL_PUBLIC_KEYS of ${file.name}.`);
      return print(`${OTHER_MACHINES}. Then run twinkey keys rotate --activate.`);
    }
    if (wait) await waitUntilActivatable(() => rotation.secondsUntilActive(projectRoot, file));
    const { kid, isNew, dropOldAfter } = await rotation.activateNextKey(projectRoot, file);
    if (isNew) await recordKeyChange(env, 'keys rotate --activate', 'key.activated', kid);
    print(`Tokens are now signed with ${kid}, which is in ${file.name}.`);
    print(`${OTHER_MACHINES}.`);
    print(
      `The old public key stays in JWT_ADDITIONAL_PUBLIC_KEYS. Its last token expires at ${dropOldAfter.toISOString()}; you can remove the key after that.`,
    );
  }

  @Option({
    flags: '--activate',
    description: 'sign with the next key, if it has been published long enough for all verifiers',
  })
  parseActivate(): boolean {
    return true;
  }

  @Option({ flags: '--wait', description: 'with --activate: wait until the key can be activated' })
  parseWait(): boolean {
    return true;
  }
}

async function waitUntilActivatable(secondsLeft: () => Promise<number>): Promise<void> {
  for (let seconds = await secondsLeft(); seconds > 0; seconds = await secondsLeft()) {
    print(`Waiting ${seconds} s until all verifiers have the next key …`);
    await sleep(seconds * 1000);
  }
}
