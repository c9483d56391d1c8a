import { SECTIONS, sampleOf } from './variables/table.js';
import type { Variable } from './variables/variable.js';

const WIDTH = 110;

const HEAD = [
  'Settings of Twinkey, as docs/settings.md explains them: cp .env.example .env',
  'The real environment wins over this file, and an empty value means unset. What is commented out has a better default for development: the embedded Postgres, keys that are made once, Keycloak off.',
  "A value that holds a space, # or $ goes into single quotes: NAME='it # costs $5'. Without quotes, # begins a comment after a space.",
];

/** The text of `.env.example`: each variable of the table with its comment and a sample. */
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
  const mark = variable.commentedOut ? '# ' : '';
  return `${comment(variable.comment)}\n${mark}${name}=${sampleOf(variable)}`;
}

/** Comment lines of at most WIDTH characters, broken between words. */
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
