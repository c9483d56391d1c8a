import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import type { Environment } from '#libs/config/environment.js';
import { KeycloakStartError } from './keycloak-error.js';
import { prepareHome } from './keycloak-home.js';
import { chooseFreePort, requireFreePort } from './keycloak-port.js';
import { findKeycloakRuntime } from './keycloak-runtime.js';
import { type Launch, launchOf } from './launch-command.js';
import { runProgram } from './programs.js';
import { type SupervisedProcess, startSupervised } from './supervised-process.js';

const POLL_MS = 100;
const STOP_MS = 15_000;
const DOCKER_MS = 30_000;

export interface KeycloakOptions {
  /** 0 chooses a free port. */
  port: number;
  /** Contains the database and the log, and is kept between starts. Only one server can use it at a time. */
  dataFolder: string;
  /** For finding Java, Maven and Docker, and for the placeholders (`${KEYCLOAK_CLIENT_SECRET}`) of the realm. */
  environment: Environment;
  /** Created in an empty database only; later starts use the administrator in the database. */
  admin: { username: string; password: string };
  /** Imported if the database has no realm of that name. */
  realm?: RealmRepresentation;
  /** The address to listen on. Default `127.0.0.1`. */
  host?: string;
  /** The host of the issuer in tokens. Default `localhost`. */
  hostname?: string;
  heapMegabytes?: number;
  /** The maximum time to start. Default 180. */
  timeoutSeconds?: number;
  /** Called with a message before each slow step. */
  report?: (line: string) => void;
  /** Cancels the start; no process is left running. */
  signal?: AbortSignal;
}

export interface RunningKeycloak {
  /** The URL for browsers; a token's issuer is `{url}/realms/{realm}`. */
  url: string;
  port: number;
  /** Java's process, or the Docker client's. */
  pid: number;
  logFile: string;
  /** Resolves when the process has ended, with its exit code or signal. */
  exited: Promise<number | string>;
  /** Stops the server, by force after 15 s. Can be called several times. */
  stop(): Promise<void>;
  /** Kills the server, like a crash. */
  kill(): Promise<void>;
  /** Suspends the server: connections are accepted, but requests get no response. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/**
 * Starts a real Keycloak and resolves when its realm answers (`realm`, otherwise `master`). It ends with this process,
 * also if that is killed.
 * @throws KeycloakStartError if the port is taken, nothing can run Keycloak, or it does not start
 */
export async function startKeycloak(options: KeycloakOptions): Promise<RunningKeycloak> {
  const host = options.host ?? '127.0.0.1';
  if (options.port !== 0) {
    await requireFreePort(host, options.port);
  }
  const report = options.report ?? (() => undefined);
  const runtime = await findKeycloakRuntime(options.environment, report, options.signal);
  const home = resolve(options.dataFolder);
  await prepareHome(home, runtime, options.realm ?? null);

  const port = options.port || (await chooseFreePort(host));
  const url = `http://${options.hostname ?? 'localhost'}:${port}`;
  const launch = launchOf(runtime, {
    host,
    port,
    publicUrl: url,
    home,
    heapMegabytes: options.heapMegabytes ?? 512,
    admin: options.admin,
    environment: options.environment,
  });
  const logFile = join(home, 'keycloak.log');
  const server = await startSupervised(launch.command, launch.args, {
    environment: launch.environment,
    logFile,
  });
  const running = controls(server, launch, { url, port, logFile });
  try {
    const reachableHost = host === '0.0.0.0' ? '127.0.0.1' : host;
    options.signal?.throwIfAborted();
    const realm = `http://${reachableHost}:${port}/realms/${options.realm?.realm ?? 'master'}`;
    await untilReady(`${realm}/.well-known/openid-configuration`, running, options);
  } catch (error) {
    await running.kill();
    throw error;
  }
  return running;
}

function controls(
  server: SupervisedProcess,
  launch: Launch,
  known: Pick<RunningKeycloak, 'url' | 'port' | 'logFile'>,
): RunningKeycloak {
  /** The Docker client forwards only termination signals to its container; the others need a Docker command. */
  const sendSignal = async (signal: NodeJS.Signals, ...dockerCommand: string[]) => {
    if (launch.container) {
      const args = [...dockerCommand, launch.container];
      await runProgram(launch.command, args, { environment: launch.environment, timeoutMs: DOCKER_MS });
    } else {
      server.signal(signal);
    }
  };
  const kill = async () => {
    await sendSignal('SIGKILL', 'rm', '--force');
    server.signal('SIGKILL');
    await server.exited;
  };
  const stop = async () => {
    server.signal('SIGTERM');
    await sendSignal('SIGCONT', 'unpause');
    await Promise.race([server.exited, sleep(STOP_MS, undefined, { ref: false })]);
    if (server.isRunning()) {
      await kill();
    }
  };
  return {
    ...known,
    pid: server.pid,
    exited: server.exited,
    stop,
    kill,
    freeze: () => sendSignal('SIGSTOP', 'pause'),
    thaw: () => sendSignal('SIGCONT', 'unpause'),
  };
}

async function untilReady(
  url: string,
  server: RunningKeycloak,
  { timeoutSeconds: seconds = 180, signal }: KeycloakOptions,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  let ended: number | string | null = null;
  server.exited.then((code) => {
    ended = code;
  });
  while (performance.now() < deadline) {
    if (ended !== null) {
      throw new KeycloakStartError(
        `Keycloak ended while starting (${ended}): ${await lastLogError(server.logFile)}`,
      );
    }
    if (await answers(url)) {
      return;
    }
    await sleep(POLL_MS, undefined, { signal });
  }
  throw new KeycloakStartError(`Keycloak did not answer within ${seconds} s; its log is ${server.logFile}.`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'error' });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** The most informative line of the log, and the log's path. */
async function lastLogError(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8');
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const message = /Database may be already in use/.test(log)
    ? 'another Keycloak runs on the same data'
    : (lines.findLast((line) => line.includes('ERROR')) ?? lines.at(-1) ?? 'no output').trim();
  return `${message} (its log is ${logFile})`;
}
