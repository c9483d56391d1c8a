import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { columns, print, printJson } from '../terminal-output.js';

@SubCommand({ name: 'list', description: 'list the OAuth clients' })
export class ClientsListCommand extends StrictCommand {
  async run(_arguments: string[], { json = false }: { json?: boolean }): Promise<void> {
    const { withOperatorClients } = await import('./operator-clients.js');
    await withOpenDatabase(readEnvironment(projectRoot), projectRoot, (env) =>
      withOperatorClients(env, async (clients) => {
        const found = await clients.list();
        if (json) return printJson({ clients: found });
        const rows = found.map(({ client_id, type, status, name }) => [client_id, type, status, name]);
        print(
          rows.length === 0 ? 'There is no client.' : columns([['id', 'type', 'status', 'name'], ...rows]),
        );
      }),
    );
  }

  @Option({ flags: '--json', description: 'print one JSON value' })
  parseJson(): boolean {
    return true;
  }
}
