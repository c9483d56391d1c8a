import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { columns, print, printJson } from '../terminal-output.js';
import type { ListedMail } from './outbox-mails.js';

interface ListOptions {
  status?: string;
  to?: string;
  limit?: string;
  json?: boolean;
}

/** As in the database; written here, so that `--help` does not load the entities. */
const STATUSES = ['queued', 'sent', 'refused', 'given_up', 'discarded'] as const;
const MAX_LIMIT = 1_000;

@SubCommand({ name: 'list', description: 'list the mails of the last 7 days, newest first' })
export class MailListCommand extends StrictCommand {
  async run(_arguments: string[], { status, to, limit = '50', json = false }: ListOptions): Promise<void> {
    const chosen = status === undefined ? null : this.oneOf(STATUSES, status, 'a status');
    if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > MAX_LIMIT) {
      this.command.error(`error: --limit must be a number from 1 to ${MAX_LIMIT}`);
    }
    const [{ listMails }, { withIdentityDatabase }] = await Promise.all([
      import('./outbox-mails.js'),
      import('../identity/identity-database.js'),
    ]);
    const env = readEnvironment(projectRoot);
    await withOpenDatabase(env, projectRoot, (opened) =>
      withIdentityDatabase(opened, async (database) => {
        const mails = await listMails(database, { status: chosen, to: to ?? null, limit: Number(limit) });
        if (json) printJson({ mails });
        else print(mailsText(mails));
      }),
    );
  }

  @Option({ flags: '--status <status>', description: `only these: ${STATUSES.join(', ')}` })
  parseStatus(text: string): string {
    return text;
  }

  @Option({ flags: '--to <address>', description: 'only mails to this address' })
  parseTo(text: string): string {
    return text;
  }

  @Option({ flags: '--limit <number>', description: 'at most this many, 50 unless set' })
  parseLimit(text: string): string {
    return text;
  }

  @Option({ flags: '--json', description: 'print one JSON value' })
  parseJson(): boolean {
    return true;
  }
}

function mailsText(mails: ListedMail[]): string {
  if (mails.length === 0) return 'There are no such mails.';
  const rows = mails.map((mail) => [
    mail.created_at.toISOString(),
    mail.status,
    mail.recipient,
    mail.kind,
    String(mail.attempts),
    mail.next_attempt_at?.toISOString() ?? '-',
    mail.last_error ?? '-',
  ]);
  return columns([['created', 'status', 'recipient', 'kind', 'tries', 'next try', 'last error'], ...rows]);
}
