import { Command, Option } from 'nest-commander';
import { databaseUrls } from '#libs/config/command.settings.js';
import { environmentName, readEnvironment } from '#libs/config/environment.js';
import { withDatabase } from '../development/database.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { columns, print, printJson } from '../terminal.js';

const ACTIONS = ['up', 'down', 'status'] as const;

interface MigrateOptions {
  json?: boolean;
  yes?: boolean;
}

@Command({
  name: 'migrate',
  arguments: '[action]',
  argsDescription: {
    action: 'up (default): apply all that is pending; down: take the last migration back; status: list them',
  },
  description: "bring the databases' schemas up to date",
})
export class MigrateCommand extends StrictCommand {
  async run([word = 'up']: string[], { json = false, yes = false }: MigrateOptions): Promise<void> {
    const action = this.oneOf(ACTIONS, word, 'an action of migrate');
    const env = readEnvironment(projectRoot);
    if (action === 'down' && environmentName(env) === 'production' && !yes) {
      throw new UserFacingError(
        'In production migrate down needs --yes: what the migration made is lost, data included.',
      );
    }
    await withDatabase(env, projectRoot, async (opened) => {
      const { schemasOf, migrateUp, migrateDown, migrationsOf } = await import('./schemas.js');
      const schemas = schemasOf(databaseUrls(opened));
      if (action === 'status') {
        const status = await migrationsOf(schemas);
        if (json) printJson(status);
        else print(statusText(status));
      } else {
        const changes = await (action === 'up' ? migrateUp(schemas) : migrateDown(schemas));
        if (json) printJson(changes);
        else print(changesText(action, changes));
      }
    });
  }

  @Option({ flags: '--json', description: 'print one JSON value' })
  parseJson(): boolean {
    return true;
  }

  @Option({ flags: '--yes', description: 'let down run in production' })
  parseYes(): boolean {
    return true;
  }
}

type Status = Awaited<ReturnType<typeof import('./schemas.js').migrationsOf>>;
type Changes = Awaited<ReturnType<typeof import('./schemas.js').migrateUp>>;

function statusText({ pending, schemas }: Status): string {
  const rows = schemas.flatMap(({ schema, migrations }) =>
    migrations.map(({ name, applied, known }) => [
      schema,
      name,
      applied ? (known ? 'applied' : 'applied by a newer build') : 'pending',
    ]),
  );
  const verdict = pending === 0 ? 'Nothing is pending.' : `${pending} pending: twinkey migrate`;
  return `${columns(rows)}\n${verdict}`;
}

function changesText(action: 'up' | 'down', { schemas, permissions }: Changes): string {
  const rows = schemas.flatMap(({ schema, migrations }) =>
    migrations.map((name) => [schema, name, action === 'up' ? 'applied' : 'taken back']),
  );
  const nothing = action === 'up' ? 'Both schemas are up to date.' : 'There is nothing to take back.';
  return [
    rows.length > 0 ? columns(rows) : nothing,
    ...(permissions.length > 0 ? [`Permissions added: ${permissions.join(', ')}`] : []),
  ].join('\n');
}
