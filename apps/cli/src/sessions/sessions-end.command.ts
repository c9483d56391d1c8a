import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print, printJson } from '../terminal-output.js';

interface EndOptions {
  account?: string;
  session?: string;
  all?: boolean;
  json?: boolean;
}

@SubCommand({ name: 'end', description: 'end one session or all sessions of an account' })
export class SessionsEndCommand extends StrictCommand {
  async run(
    _arguments: string[],
    { account, session, all = false, json = false }: EndOptions,
  ): Promise<void> {
    if (account === undefined) this.command.error('error: --account is required: an email address or an id');
    if ((session === undefined) === !all) this.command.error('error: use either --session <id> or --all');
    const { withAccountSessions } = await import('./account-sessions.js');
    const env = readEnvironment(projectRoot);
    await withOpenDatabase(env, projectRoot, (opened) =>
      withAccountSessions(opened, account, async (sessions) => {
        const ended = await sessions.end(session ?? null);
        if (json) printJson({ account: sessions.account, ended });
        else print(`Ended ${ended.length} of the sessions of ${sessions.account.email}.`);
      }),
    );
  }

  @Option({ flags: '--account <account>', description: 'the email address or the id of the account' })
  parseAccount(text: string): string {
    return text;
  }

  @Option({ flags: '--session <id>', description: 'end this session' })
  parseSession(text: string): string {
    return text;
  }

  @Option({ flags: '--all', description: 'end all sessions of the account' })
  parseAll(): boolean {
    return true;
  }

  @Option({ flags: '--json', description: 'print one JSON value' })
  parseJson(): boolean {
    return true;
  }
}
