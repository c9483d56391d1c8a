import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print, printJson } from '../terminal-output.js';

interface CreateOptions {
  id?: string;
  name?: string;
  confidential?: boolean;
  firstParty?: boolean;
  redirectUri?: string[];
  postLogoutRedirectUri?: string[];
  grantType?: string[];
  role?: string;
  json?: boolean;
}

@SubCommand({ name: 'create', description: 'create an OAuth client; its secret is printed once' })
export class ClientsCreateCommand extends StrictCommand {
  async run(_arguments: string[], options: CreateOptions): Promise<void> {
    if (options.name === undefined) this.command.error('error: --name is required');
    const { withOperatorClients } = await import('./operator-clients.js');
    await withOpenDatabase(readEnvironment(projectRoot), projectRoot, (env) =>
      withOperatorClients(env, async (clients) => {
        const created = await clients.create(bodyOf(options));
        if (options.json) return printJson(created);
        print(`Created client ${created.client_id}.`);
        if (created.client_secret) print(`Its secret, which is not shown again: ${created.client_secret}`);
      }),
    );
  }

  @Option({ flags: '--id <id>', description: 'the id; made if it is omitted' })
  parseId(text: string): string {
    return text;
  }

  @Option({ flags: '--name <name>', description: 'the name that users see' })
  parseName(text: string): string {
    return text;
  }

  @Option({ flags: '--confidential', description: 'a client that can keep a secret' })
  parseConfidential(): boolean {
    return true;
  }

  @Option({ flags: '--first-party', description: 'show no consent page' })
  parseFirstParty(): boolean {
    return true;
  }

  @Option({ flags: '--redirect-uri <uri...>', description: 'where users come back to' })
  parseRedirectUri(text: string, before: string[] = []): string[] {
    return [...before, text];
  }

  @Option({
    flags: '--post-logout-redirect-uri <uri...>',
    description: 'where users come back to after a sign-out',
  })
  parsePostLogoutRedirectUri(text: string, before: string[] = []): string[] {
    return [...before, text];
  }

  @Option({ flags: '--grant-type <type...>', description: 'such as client_credentials' })
  parseGrantType(text: string, before: string[] = []): string[] {
    return [...before, text];
  }

  @Option({ flags: '--role <id>', description: 'the id of the role for client credentials' })
  parseRole(text: string): string {
    return text;
  }

  @Option({ flags: '--json', description: 'print one JSON value' })
  parseJson(): boolean {
    return true;
  }
}

/** The body of `POST /clients`; what is omitted has its default. */
function bodyOf(options: CreateOptions): object {
  const body = {
    client_id: options.id,
    name: options.name,
    type: options.confidential ? 'confidential' : 'public',
    first_party: options.firstParty,
    redirect_uris: options.redirectUri,
    post_logout_redirect_uris: options.postLogoutRedirectUri,
    grant_types: options.grantType,
    role_id: options.role,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
