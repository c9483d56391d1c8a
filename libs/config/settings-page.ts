import { ENVIRONMENTS } from './environment.js';
import { SECTIONS } from './variables/table.js';
import type { Variable } from './variables/variable.js';

const HEAD = `# Settings

Read once at start. A \`.env\` at the project root is read where it is; the real environment wins over it, and
an empty value means unset. All that is bad or missing is listed at once, and nothing starts. What only the
other app reads is ignored. \`{NAME}\` in a default stands for that variable's value.

This page and \`.env.example\` are generated from \`libs/config/variables\`; \`npx vitest run --project unit
libs/config -u\` writes them again.
`;

/** The text of docs/settings.md: one table a section. */
export function renderSettingsPage(): string {
  const sections = SECTIONS.map(({ title, variables }) => {
    const rows = Object.entries(variables).map(([name, variable]) => row(name, variable));
    return [
      `## ${title}`,
      '',
      '| Variable | Meaning | Default | Read by |',
      '| --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n');
  });
  return [HEAD, ...sections].join('\n');
}

function row(name: string, variable: Variable): string {
  const readBy = variable.readBy.length === 2 ? 'both' : (variable.readBy[0] ?? 'docker compose');
  // Braces with a name are shown as code, as in the defaults.
  const meaning = variable.comment.replaceAll(/\S*\{[A-Z_]+\}\S*[^\s.:]/g, '`$&`');
  return `| \`${name}\` | ${meaning} | ${defaultOf(variable)} | ${readBy} |`;
}

function defaultOf({ default: standard, defaultNote }: Variable): string {
  if (defaultNote !== undefined) {
    return defaultNote;
  }
  if (standard === undefined) {
    return 'none';
  }
  if (typeof standard === 'string') {
    return `\`${standard}\``;
  }
  const [development, test, production] = ENVIRONMENTS.map((environment) => standard[environment]);
  const inProduction = production === undefined ? 'required' : `\`${production}\``;
  return test === development
    ? `\`${development}\`; ${inProduction} in production`
    : `\`${development}\` in development, else ${inProduction}`;
}
