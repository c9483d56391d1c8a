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
export function findChromium() {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const candidates = [
    process.env.CHROMIUM_PATH ?? '',
    ...BROWSERS.flatMap((name) => onPath.map((folder) => join(folder, name))),
    ...BROWSERS_ELSEWHERE,
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
