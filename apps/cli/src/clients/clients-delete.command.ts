import { SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print } from '../terminal-output.js';

@SubCommand({
  name: 'delete',
  arguments: '<client_id>',
  description: 'delete an OAuth client; its sessions end',
})
export class ClientsDeleteCommand extends StrictCommand {
  async run([clientId = '']: string[]): Promise<void> {
    const { withOperatorClients } = await import('./operator-clients.js');
    await withOpenDatabase(readEnvironment(projectRoot), projectRoot, (env) =>
      withOperatorClients(env, async (clients) => {
        await clients.delete(clientId);
        print(`Deleted client ${clientId}.`);
      }),
    );
  }
}
