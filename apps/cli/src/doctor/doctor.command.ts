import { Command, Option } from 'nest-commander';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { APPS } from '../chosen-apps.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { print, printJson } from '../terminal-output.js';
import type { DoctorCheck } from './check.js';

const MARKS = { ok: '✓', warning: '!', broken: '✗', skipped: '-' } as const;

@Command({
  name: 'doctor',
  arguments: '[app]',
  argsDescription: { app: `${APPS.join(' (default), ').replace(', user', ' or user')}` },
  description:
    'check settings, databases, migrations, keys, the OpenID Provider and Keycloak, and suggest fixes',
})
export class DoctorCommand extends StrictCommand {
  async run([name = 'all']: string[], { json = false }: { json?: boolean }): Promise<void> {
    const apps = this.oneOf(APPS, name, 'an app');
    const { runChecks } = await import('./run-checks.js');
    const checks = await runChecks(apps, projectRoot);
    const count = checks.filter(({ status }) => status === 'broken').length;
    if (json) printJson({ status: worst(checks), checks });
    else print(checks.map(asText).join('\n'));
    if (count > 0)
      throw new UserFacingError(count === 1 ? '1 check found a problem.' : `${count} checks found problems.`);
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
