import { Option, SubCommand } from 'nest-commander';
import { type Environment, environmentName, readEnvironment } from '#libs/config/environment.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print, printJson } from '../terminal-output.js';

interface EndOptions {
  account?: string;
  session?: string;
  all?: boolean;
  allAccounts?: boolean;
  yes?: boolean;
  json?: boolean;
}

@SubCommand({
  name: 'end',
  description: 'end one session or all sessions of an account, or those of all accounts',
})
export class SessionsEndCommand extends StrictCommand {
  async run(
    _arguments: string[],
    { account, session, all = false, allAccounts = false, yes = false, json = false }: EndOptions,
  ): Promise<void> {
    const env = readEnvironment(projectRoot);
    if (allAccounts) {
      if (account !== undefined || session !== undefined || all)
        this.command.error('error: --all-accounts excludes --account, --session and --all');
      return this.endAllOfAllAccounts(env, yes, json);
    }
    if (account === undefined) this.command.error('error: --account is required: an email address or an id');
    if ((session === undefined) === !all) this.command.error('error: use either --session <id> or --all');
    const { withAccountSessions } = await import('./account-sessions.js');
    await withOpenDatabase(env, projectRoot, (opened) =>
      withAccountSessions(opened, account, async (sessions) => {
        const ended = await sessions.end(session ?? null);
        if (json) printJson({ account: sessions.account, ended });
        else print(`Ended ${ended.length} of the sessions of ${sessions.account.email}.`);
      }),
    );
  }

  private async endAllOfAllAccounts(env: Environment, yes: boolean, json: boolean): Promise<void> {
    if (environmentName(env) === 'production' && !yes) {
      throw new UserFacingError(
        'In production, sessions end --all-accounts requires --yes: everybody must sign in again.',
      );
    }
    const { endAllOfAllAccounts } = await import('./account-sessions.js');
    await withOpenDatabase(env, projectRoot, async (opened) => {
      const ended = await endAllOfAllAccounts(opened);
      if (json) printJson({ ended });
      else print(`Ended ${ended} sessions: everybody must sign in again.`);
    });
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

  @Option({
    flags: '--all-accounts',
    description: 'end all sessions of all accounts, after a restore of an older backup',
  })
  parseAllAccounts(): boolean {
    return true;
  }

  @Option({ flags: '--yes', description: 'allow --all-accounts in production' })
  parseYes(): boolean {
    return true;
  }

  @Option({ flags: '--json', description: 'print one JSON value' })
  parseJson(): boolean {
    return true;
  }
}
