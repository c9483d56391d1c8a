import { SECTIONS, sampleOf } from './variables/table.js';
import type { Variable } from './variables/variable.js';

const WIDTH = 110;

const HEAD = [
  'Settings of Twinkey; docs/settings.md describes them. To use this file: cp .env.example .env',
  'The real environment overrides this file. An empty value means unset. Commented-out variables have a better default in development: the embedded Postgres, generated keys, Keycloak off.',
  "Put a value that contains a space, # or $ in single quotes: NAME='it # costs $5'. Without quotes, a # after a space starts a comment.",
];

/** The text of `.env.example`: each variable with its comment and a sample. */
export function renderEnvExample(): string {
  const sections = SECTIONS.map(({ title, variables }) =>
    [
      `# --- ${title} ---`,
      ...Object.entries(variables).map(([name, variable]) => entry(name, variable)),
    ].join('\n\n'),
  );
  return `${[HEAD.map(comment).join('\n'), ...sections].join('\n\n')}\n`;
}

function entry(name: string, variable: Variable): string {
  const prefix = variable.commentedOut ? '# ' : '';
  return `${comment(variable.comment)}\n${prefix}${name}=${sampleOf(variable)}`;
}

/** Wraps the text into comment lines of at most WIDTH characters. */
function comment(text: string): string {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length > WIDTH) {
      lines.push(`# ${word}`);
    } else {
      lines[lines.length - 1] = line;
    }
  }
  return lines.join('\n');
}
