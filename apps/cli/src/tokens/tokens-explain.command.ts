import { text } from 'node:stream/consumers';
import { Option, SubCommand } from 'nest-commander';
import { readEnvironment } from '#libs/config/environment.js';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import { withExistingDevelopmentKeys } from '../development/development-keys.js';
import { projectRoot } from '../project-root.js';
import { StrictCommand } from '../strict-command.js';
import { columns, print, printJson } from '../terminal-output.js';
import type { Explanation } from './explanation.js';

const MARKS = { holds: '✓', broken: '✗', unchecked: '·' };

@SubCommand({
  name: 'explain',
  description:
    'read an access token from standard input, and say whether it is accepted and why; never prints it',
})
export class TokensExplainCommand extends StrictCommand {
  async run(_arguments: string[], { json = false }: { json?: boolean }): Promise<void> {
    const token = (await text(process.stdin)).trim().replace(/^bearer\s+/i, '');
    if (token === '') {
      throw new UserFacingError(
        'There is no token on standard input: twinkey tokens explain < token.txt. An argument would be visible in the list of processes.',
      );
    }
    const env = withExistingDevelopmentKeys(readEnvironment(projectRoot), projectRoot);
    const { explainToken } = await import('./explanation.js');
    const explanation = await explainToken(token, env);
    if (json) printJson(explanation);
    else print(explanationText(explanation));
    if (!explanation.accepted) process.exitCode = 1;
  }

  @Option({ flags: '--json', description: 'print one JSON value' })
  parseJson(): boolean {
    return true;
  }
}

function explanationText({ accepted, reason, token, rules }: Explanation): string {
  const facts = Object.entries(token).filter(([, value]) => value !== null);
  return [
    columns(facts.map(([name, value]) => [name, String(value)])),
    '',
    columns(rules.map(({ name, result, message }) => [`${MARKS[result]} ${name}`, message])),
    '',
    accepted ? 'The token is accepted.' : `The token is refused (${reason}).`,
    'Not looked at: whether its session, account or key has ended since it was issued.',
  ].join('\n');
}
