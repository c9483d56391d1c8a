import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './run.mjs';

const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const BROWSERS_ELSEWHERE = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const OLDEST_JAVA = 17;
const TIMEOUT_MS = 10_000;

/** Whether a real Keycloak can run on this machine. `KEYCLOAK_TEST_URL` is the URL of a running one. */
export async function hasKeycloak() {
  if (process.env.KEYCLOAK_TEST_URL) return true;
  const [java, maven, docker] = await Promise.all([
    hasJava(),
    works('mvn', ['--version']),
    works('docker', ['info']),
  ]);
  return (java && maven) || docker;
}

async function hasJava() {
  const home = process.env.JAVA_HOME;
  const { code, output } = await tryRun(home ? join(home, 'bin/java') : 'java', ['-version']);
  return code === 0 && Number(/version "(\d+)/.exec(output)?.[1]) >= OLDEST_JAVA;
}

/** The path of a Chromium, or null. */
export const findChromium = () => find('CHROMIUM_PATH', BROWSERS, BROWSERS_ELSEWHERE);

/** The path of PgBouncer, or null. */
export const findPgBouncer = () => find('PGBOUNCER_PATH', ['pgbouncer'], ['/usr/sbin/pgbouncer']);

/** The path of a Redis server, or null. */
export const findRedis = () => find('REDIS_SERVER_PATH', ['redis-server']);

/** The first of the path that a variable names, programs on `PATH`, and other paths. */
function find(variable, names, elsewhere = []) {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = [
    process.env[variable] ?? '',
    ...names.flatMap((name) => onPath.map((folder) => join(folder, name))),
    ...elsewhere,
  ];
  return candidates.find((path) => path !== '' && existsSync(path)) ?? null;
}

/** Where Debian's packages put the programs of each major version. */
const POSTGRES_VERSIONS = '/usr/lib/postgresql';

/** The folder of the newest complete Postgres with its client programs, or null: the embedded one has no `pg_dump`. */
export function findPostgres() {
  const versions = existsSync(POSTGRES_VERSIONS) ? readdirSync(POSTGRES_VERSIONS) : [];
  const candidates = [
    process.env.POSTGRES_PATH ?? '',
    ...versions
      .sort((a, b) => Number(b) - Number(a))
      .map((version) => join(POSTGRES_VERSIONS, version, 'bin')),
  ];
  const isComplete = (folder) =>
    ['initdb', 'postgres', 'pg_dump', 'pg_restore'].every((name) => existsSync(join(folder, name)));
  return candidates.find((folder) => folder !== '' && isComplete(folder)) ?? null;
}

async function works(command, args) {
  return (await tryRun(command, args)).code === 0;
}

/** A Docker client without a running engine can wait for a long time, so there is a time limit. */
function tryRun(command, args) {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return run(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal, killSignal: 'SIGKILL' });
}
