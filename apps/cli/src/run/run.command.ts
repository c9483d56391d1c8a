import { Command, Option } from 'nest-commander';
import { APPS } from '../chosen-apps.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';

@Command({
  name: 'run',
  arguments: '[app]',
  argsDescription: { app: `${APPS[0]} (default), ${APPS[1]} or ${APPS[2]}` },
  description: 'start both apps in one process, or either alone, until Ctrl-C (default)',
  options: { isDefault: true },
})
export class RunCommand extends StrictCommand {
  async run([word = 'all']: string[], { keycloak = false }: { keycloak?: boolean }): Promise<void> {
    // As the default command this one gets whatever is no command.
    const apps = this.oneOf(APPS, word, 'a command, nor an app to run (twinkey --help)');
    const { run } = await import('./run.js');
    await run(apps, { root: projectRoot, keycloak });
  }

  @Option({ flags: '--keycloak', description: 'in development: start a local Keycloak as well, and use it' })
  parseKeycloak(): boolean {
    return true;
  }
}
