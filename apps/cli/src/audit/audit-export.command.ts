import { Option, SubCommand } from 'nest-commander';
import { commandDatabases } from '#libs/config/command.settings.js';
import { readEnvironment } from '#libs/config/environment.js';
import { parseTime } from '#libs/core/time.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';

interface ExportOptions {
  from?: Date;
  to?: Date;
  json?: boolean;
}

@SubCommand({ name: 'export', description: 'print the events of both apps as JSON lines, the oldest first' })
export class AuditExportCommand extends StrictCommand {
  async run(_arguments: string[], { from, to = new Date(), json = false }: ExportOptions): Promise<void> {
    await withOpenDatabase(readEnvironment(projectRoot), projectRoot, async (env) => {
      const { schemasOf } = await import('../migrate/schema-migrations.js');
      const { exportEvents } = await import('./export.js');
      await exportEvents(schemasOf(commandDatabases(env)), { from: from ?? null, to }, { asArray: json });
    });
  }

  @Option({
    flags: '--from <time>',
    description: 'events at this time or later: 2026-01-31T12:00:00Z, 2026-01-31',
  })
  parseFrom(text: string): Date {
    return this.time(text, '--from');
  }

  @Option({ flags: '--to <time>', description: 'events before this time; default: now' })
  parseTo(text: string): Date {
    return this.time(text, '--to');
  }

  @Option({ flags: '--json', description: 'print one JSON value, an array' })
  parseJson(): boolean {
    return true;
  }

  private time(text: string, option: string): Date {
    const time = parseTime(text);
    if (time) return time;
    return this.command.error(
      `error: ${option} '${text}' is not a time: use one with a zone, such as 2026-01-31T12:00:00Z, or a date`,
    );
  }
}
