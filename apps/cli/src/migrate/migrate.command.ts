import { Command, Option } from 'nest-commander';
import { commandDatabases } from '#libs/config/command.settings.js';
import { environmentName, readEnvironment } from '#libs/config/environment.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { withOpenDatabase } from '../development/development-database.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { columns, print, printJson } from '../terminal-output.js';

const ACTIONS = ['up', 'down', 'status'] as const;

interface MigrateOptions {
  json?: boolean;
  yes?: boolean;
}

@Command({
  name: 'migrate',
  arguments: '[action]',
  argsDescription: {
    action: 'up (default): apply pending migrations; down: revert the last migration; status: list all',
  },
  description: 'update the schemas of the databases',
})
export class MigrateCommand extends StrictCommand {
  async run([name = 'up']: string[], { json = false, yes = false }: MigrateOptions): Promise<void> {
    const action = this.oneOf(ACTIONS, name, 'an action of migrate');
    const env = readEnvironment(projectRoot);
    if (action === 'down' && environmentName(env) === 'production' && !yes) {
      throw new UserFacingError(
        'In production, migrate down requires --yes: everything that the migration created is lost, including data.',
      );
    }
    await withOpenDatabase(env, projectRoot, async (opened) => {
      const { schemasOf, migrateUp, migrateDown, migrationsOf } = await import('./schema-migrations.js');
      const schemas = schemasOf(commandDatabases(opened));
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

  @Option({ flags: '--yes', description: 'allow down in production' })
  parseYes(): boolean {
    return true;
  }
}

type Status = Awaited<ReturnType<typeof import('./schema-migrations.js').migrationsOf>>;
type Changes = Awaited<ReturnType<typeof import('./schema-migrations.js').migrateUp>>;

function statusText({ pending, schemas }: Status): string {
  const rows = schemas.flatMap(({ schema, migrations }) =>
    migrations.map(({ name, applied, known }) => [
      schema,
      name,
      applied ? (known ? 'applied' : 'applied by a newer build') : 'pending',
    ]),
  );
  const summary = pending === 0 ? 'Nothing is pending.' : `${pending} pending: run twinkey migrate.`;
  return `${columns(rows)}\n${summary}`;
}

function changesText(action: 'up' | 'down', { schemas, permissions }: Changes): string {
  const rows = schemas.flatMap(({ schema, migrations }) =>
    migrations.map((name) => [schema, name, action === 'up' ? 'applied' : 'reverted']),
  );
  const nothing = action === 'up' ? 'Both schemas are up to date.' : 'There is nothing to revert.';
  return [
    rows.length > 0 ? columns(rows) : nothing,
    ...(permissions.length > 0 ? [`Permissions added: ${permissions.join(', ')}`] : []),
  ].join('\n');
}
