import { Command, Option } from 'nest-commander';
import { APPS } from '../chosen-apps.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print, printJson } from '../terminal.js';
import type { DoctorCheck } from './check.js';

const MARKS = { ok: '✓', warning: '!', broken: '✗', skipped: '-' } as const;

@Command({
  name: 'doctor',
  arguments: '[app]',
  argsDescription: { app: `${APPS.join(' (default), ').replace(', user', ' or user')}` },
  description: 'look at settings, databases, migrations, keys and Keycloak, and say what to do',
})
export class DoctorCommand extends StrictCommand {
  async run([word = 'all']: string[], { json = false }: { json?: boolean }): Promise<void> {
    const apps = this.oneOf(APPS, word, 'an app');
    const { examine } = await import('./examine.js');
    const checks = await examine(apps, projectRoot);
    const count = checks.filter(({ status }) => status === 'broken').length;
    if (json) printJson({ status: worst(checks), checks });
    else print(checks.map(asText).join('\n'));
    if (count > 0)
      throw new UserFacingError(
        count === 1 ? 'One check found something broken.' : `${count} checks found something broken.`,
      );
  }

  @Option({ flags: '--json', description: 'print one JSON value' })
  parseJson(): boolean {
    return true;
  }
}

function worst(checks: DoctorCheck[]): 'ok' | 'warning' | 'broken' {
  const found = (status: DoctorCheck['status']) => checks.some((check) => check.status === status);
  return found('broken') ? 'broken' : found('warning') ? 'warning' : 'ok';
}

function asText({ name, status, message, remedy }: DoctorCheck): string {
  const line = `${MARKS[status]} ${name}: ${message}`;
  return remedy === null ? line : `${line}\n    ${remedy}`;
}
