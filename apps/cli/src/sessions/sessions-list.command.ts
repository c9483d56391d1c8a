import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { columns, print, printJson } from '../terminal-output.js';
import type { ListedSession } from './account-sessions.js';

interface ListOptions {
  account?: string;
  json?: boolean;
}

@SubCommand({ name: 'list', description: 'list the live sessions of an account, newest first' })
export class SessionsListCommand extends StrictCommand {
  async run(_arguments: string[], { account, json = false }: ListOptions): Promise<void> {
    if (account === undefined) this.command.error('error: --account is required: an email address or an id');
    const { withAccountSessions } = await import('./account-sessions.js');
    const env = readEnvironment(projectRoot);
    await withOpenDatabase(env, projectRoot, (opened) =>
      withAccountSessions(opened, account, async (sessions) => {
        const found = await sessions.list();
        if (json) printJson({ account: sessions.account, sessions: found });
        else print(sessionsText(sessions.account.email, found));
      }),
    );
  }

  @Option({ flags: '--account <account>', description: 'the email address or the id of the account' })
  parseAccount(text: string): string {
    return text;
  }

  @Option({ flags: '--json', description: 'print one JSON value' })
  parseJson(): boolean {
    return true;
  }
}

function sessionsText(email: string, sessions: ListedSession[]): string {
  if (sessions.length === 0) return `${email} has no live session.`;
  const rows = sessions.map((session) => [
    session.id,
    session.created_at.toISOString(),
    session.expires_at.toISOString(),
    session.address ?? '-',
    session.client_id ?? '-',
  ]);
  return columns([['id', 'created', 'expires', 'address', 'client'], ...rows]);
}
