import { SECTIONS } from './variables/table.js';
import { ENVIRONMENTS, type Variable } from './variables/variable.js';

const HEAD = `# Settings

Settings are read once at start, from the environment and from \`.env\` at the project root. The environment overrides
\`.env\`, and an empty value means unset. If settings are invalid or missing, all of them are listed and nothing starts.
Each app ignores variables that only the other app reads. \`{NAME}\` in a default is replaced by that variable's value.

A variable in \`.env\` that is not listed here causes a warning with the nearest name. So does a variable of the environment
that starts with \`JWT_\`, \`KEYCLOAK_\`, \`LOGIN_\`, \`USER_\`, \`IDENTITY_\`, \`SMTP_\`, \`OIDC_\` or \`DATABASE_\`. In \`.env\`, put
a value that contains a space, \`#\` or \`$\` in single quotes, and a multi-line value (a PEM) in double quotes. With Docker's
\`--env-file\`, use no quotes: they would become part of the value, which is refused.

In production, sample secrets, placeholders (\`\${…}\`) and secrets with fewer than 16 characters are refused. A database
password can be shorter.

This page and \`.env.example\` are generated from \`libs/config/variables\`; \`npx vitest run --project unit
libs/config -u\` generates them again.
`;

/** The text of docs/settings.md: one table per section. */
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
  // References like {NAME} are shown as code, like in the defaults.
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
    : `\`${development}\` in development, otherwise ${inProduction}`;
}
