import { SECTIONS } from './variables/table.js';
import { ENVIRONMENTS, type Variable } from './variables/variable.js';

const HEAD = `# Settings

Read once at start. A \`.env\` at the project root is read where it is; the real environment wins over it, and
an empty value means unset. All that is bad or missing is listed at once, and nothing starts. What only the
other app reads is ignored. \`{NAME}\` in a default stands for that variable's value.

A variable of \`.env\` that is not listed here gets a warning with the nearest name; so does one of the environment that
begins with \`JWT_\`, \`KEYCLOAK_\`, \`LOGIN_\`, \`USER_\`, \`IDENTITY_\`, \`SMTP_\`, \`OIDC_\` or \`DATABASE_\`. In \`.env\` a
value that holds a space, \`#\` or \`$\` goes into single quotes, and one of several lines (a PEM) into double quotes.
Docker's \`--env-file\` takes no quotes: there they would be part of the value, which is refused.

In production, sample secrets, placeholders (\`\${…}\`) and secrets of under 16 characters are refused. The password of a
database is the database's own, and may be shorter.

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
