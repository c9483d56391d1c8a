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
  description: 'start both apps in one process, or only one of them, until Ctrl-C (default)',
  options: { isDefault: true },
})
export class RunCommand extends StrictCommand {
  async run(
    [name = 'all']: string[],
    { keycloak = false, keycloakPort, workers }: RunOptions,
  ): Promise<void> {
    // The default command also receives unknown commands as its argument.
    const apps = this.oneOf(APPS, name, 'a command or an app (twinkey --help)');
    if (keycloakPort !== undefined && !keycloak)
      this.command.error('error: --keycloak-port requires --keycloak');
    if (cluster.isWorker) return (await import('./workers/worker.js')).runWorker();
    const { run } = await import('./run.js');
    await run(apps, {
      root: projectRoot,
      keycloakPort: keycloak ? (keycloakPort ?? KEYCLOAK_PORT) : null,
      workers: workers ?? null,
    });
  }

  @Option({ flags: '--keycloak', description: 'in development: also start a local Keycloak, and use it' })
  parseKeycloak(): boolean {
    return true;
  }

  @Option({
    flags: '--workers <number>',
    description: 'the number of processes that share the ports; auto: one per CPU core',
  })
  parseWorkers(text: string): number {
    if (text === 'auto') return availableParallelism();
    const workers = /^[1-9]\d?$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(workers))
      this.command.error(`error: '${text}' is not a number of workers: use 1 to 99, or auto`);
    return workers;
  }

  @Option({
    flags: '--keycloak-port <port>',
    description: `the port of the local Keycloak, default ${KEYCLOAK_PORT}; 0: any free port`,
  })
  parseKeycloakPort(text: string): number {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
    if (!(port <= 65_535)) this.command.error(`error: '${text}' is not a port`);
    return port;
  }
}
