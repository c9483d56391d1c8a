import cluster from 'node:cluster';
import { availableParallelism } from 'node:os';
import { Command, Option } from 'nest-commander';
import { APPS } from '../chosen-apps.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';

const KEYCLOAK_PORT = 8080;

interface RunOptions {
  keycloak?: boolean;
  keycloakPort?: number;
  workers?: number;
}

@Command({
  name: 'run',
  arguments: '[app]',
  argsDescription: { app: `${APPS[0]} (default), ${APPS[1]} or ${APPS[2]}` },
  description: 'start both apps in one process, or either alone, until Ctrl-C (default)',
  options: { isDefault: true },
})
export class RunCommand extends StrictCommand {
  async run(
    [word = 'all']: string[],
    { keycloak = false, keycloakPort, workers }: RunOptions,
  ): Promise<void> {
    // As the default command this one gets whatever is no command.
    const apps = this.oneOf(APPS, word, 'a command, nor an app to run (twinkey --help)');
    if (keycloakPort !== undefined && !keycloak)
      this.command.error('error: --keycloak-port goes with --keycloak');
    if (cluster.isWorker) return (await import('./workers/worker.js')).runWorker();
    const { run } = await import('./run.js');
    await run(apps, {
      root: projectRoot,
      keycloakPort: keycloak ? (keycloakPort ?? KEYCLOAK_PORT) : null,
      workers: workers ?? null,
    });
  }

  @Option({ flags: '--keycloak', description: 'in development: start a local Keycloak as well, and use it' })
  parseKeycloak(): boolean {
    return true;
  }

  @Option({
    flags: '--workers <number>',
    description: 'serve with so many processes behind the same ports; auto: one a core',
  })
  parseWorkers(text: string): number {
    if (text === 'auto') return availableParallelism();
    const workers = /^[1-9]\d?$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(workers))
      this.command.error(`error: '${text}' is not a number of workers: 1 to 99, or auto`);
    return workers;
  }

  @Option({
    flags: '--keycloak-port <port>',
    description: `where that listens instead of ${KEYCLOAK_PORT}; 0: anywhere`,
  })
  parseKeycloakPort(text: string): number {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (!(port <= 65_535)) this.command.error(`error: '${text}' is not a port`);
    return port;
  }
}
