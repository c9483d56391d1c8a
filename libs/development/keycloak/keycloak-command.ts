import { parseArgs } from 'node:util';
import { readEnvironment } from '#libs/config/environment.js';
import { SettingsError } from '#libs/config/settings-error.js';
import { type DevelopmentKeycloak, startDevelopmentKeycloak } from './development-keycloak.js';
import { KeycloakStartError } from './keycloak-error.js';
import { KEYCLOAK_VERSION } from './keycloak-release.js';

const USAGE = `npm run keycloak -- [--port 8080]

Starts a real Keycloak ${KEYCLOAK_VERSION} for development, with the realm of keycloak/realm.json, until Ctrl-C.
Its data stays in .twinkey/keycloak.
`;

/** `npm run keycloak` in the checkout `root`: runs until a signal or until Keycloak ends. Resolves with the exit code. */
export async function main(args: string[], root: string): Promise<number> {
  const stopSignal = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => stopSignal.abort());
  }
  try {
    const { port, help } = parseOptions(args);
    if (help) {
      process.stdout.write(USAGE);
      return 0;
    }
    return await runUntilStopped(
      {
        root,
        environment: readEnvironment(root),
        port,
        report: (line) => process.stderr.write(`${line}\n`),
      },
      stopSignal.signal,
    );
  } catch (error) {
    if (stopSignal.signal.aborted) {
      return 0;
    }
    if (error instanceof KeycloakStartError || error instanceof SettingsError) {
      process.stderr.write(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

async function runUntilStopped(
  options: Parameters<typeof startDevelopmentKeycloak>[0],
  signal: AbortSignal,
): Promise<number> {
  options.report?.('Starting Keycloak …');
  const keycloak = await startDevelopmentKeycloak({ ...options, signal });
  process.stdout.write(startupBanner(keycloak));
  const stopped = new Promise<null>((done) => {
    signal.addEventListener('abort', () => done(null));
    if (signal.aborted) {
      done(null);
    }
  });
  const ended = await Promise.race([stopped, keycloak.server.exited]);
  if (ended !== null) {
    throw new KeycloakStartError(
      `Keycloak ended unexpectedly (${ended}); its log is ${keycloak.server.logFile}.`,
    );
  }
  await keycloak.server.stop();
  return 0;
}

function parseOptions(args: string[]): { port: number; help: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string', default: '8080' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port >= 0 && port <= 65_535)) {
      throw new Error(`--port must be a port number, not ${values.port}`);
    }
    return { port, help: values.help };
  } catch (error) {
    throw new KeycloakStartError(`${(error as Error).message} (npm run keycloak -- --help)`);
  }
}

function startupBanner({ server, admin, settings, dataFolder, warnings }: DevelopmentKeycloak): string {
  const password = admin.password === 'admin' ? 'admin' : '(KEYCLOAK_ADMIN_PASSWORD)';
  const lines = [
    '',
    `Keycloak ${KEYCLOAK_VERSION} runs at ${server.url}, realm ${settings['KEYCLOAK_REALM']}`,
    `  Admin console  ${server.url}/admin  ${admin.username} / ${password}`,
    '  Demo users     alice / alice123, kcadmin / kcadmin123 (has the role twinkey-admin)',
    `  Data           ${dataFolder} (delete it to import the realm again)`,
    '',
    'To use it with npm start, add to .env:',
    '',
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    '',
    ...warnings.map((warning) => `Warning: ${warning}\n`),
    'Ctrl-C stops it.',
    '',
  ];
  return lines.join('\n');
}
