import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type RealmRepresentation from '@keycloak/keycloak-admin-client/lib/defs/realmRepresentation.js';
import { prepareHome } from './keycloak-home.js';
import { type Launch, launchOf } from './launch.js';
import { findFreePort, requireFreePort } from './ports.js';
import { KeycloakStartError } from './keycloak-error.js';
import { runProgram, type Environment } from './programs.js';
import { findKeycloakRuntime } from './keycloak-runtime.js';
import { type SupervisedProcess, startSupervised } from './supervised-process.js';

const POLL_MS = 100;
const STOP_MS = 15_000;
const DOCKER_MS = 30_000;

export interface KeycloakOptions {
  /** 0 takes a free one. */
  port: number;
  /** Database and log; made where it is missing, found again at the next start. One server at a time. */
  dataFolder: string;
  /** For finding Java, Maven and Docker, and for the placeholders (`${KEYCLOAK_CLIENT_SECRET}`) of the realm. */
  environment: Environment;
  /** Made in an empty database alone; later the database's word counts. */
  admin: { username: string; password: string };
  /** Imported where the database holds no realm of that name. */
  realm?: RealmRepresentation;
  /** The address to listen on. Default `127.0.0.1`. */
  host?: string;
  /** The host in the issuer of tokens. Default `localhost`. */
  hostname?: string;
  heapMegabytes?: number;
  /** How long it may take until it answers. Default 180. */
  timeoutSeconds?: number;
  /** Told what takes long. */
  report?: (line: string) => void;
  /** Gives up starting; nothing is left running. */
  signal?: AbortSignal;
}

export interface RunningKeycloak {
  /** As browsers reach it; a token's issuer is `{url}/realms/{realm}`. */
  url: string;
  port: number;
  /** Java's process, or the Docker client's. */
  pid: number;
  logFile: string;
  /** Resolves when it has ended, for whatever reason. */
  exited: Promise<number | string>;
  /** Ends it cleanly, by force after 15 s. Again and again is harmless. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** Suspends it: connections are taken, and nobody answers. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/**
 * Starts a real Keycloak and resolves when its realm answers (`realm`'s, else `master`). It ends with this process,
 * however that ends. Throws a KeycloakProblem where the port is taken, nothing can run Keycloak, or it does not start.
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

  const port = options.port || (await findFreePort(host));
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
    const reached = host === '0.0.0.0' ? '127.0.0.1' : host;
    options.signal?.throwIfAborted();
    const realm = `http://${reached}:${port}/realms/${options.realm?.realm ?? 'master'}`;
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
  /** A container does not hear of signals to its client, but for those that ask it to end. */
  const tell = async (signal: NodeJS.Signals, ...dockerCommand: string[]) => {
    if (launch.container) {
      const args = [...dockerCommand, launch.container];
      await runProgram(launch.command, args, { environment: launch.environment, timeoutMs: DOCKER_MS });
    } else {
      server.signal(signal);
    }
  };
  const kill = async () => {
    await tell('SIGKILL', 'rm', '--force');
    server.signal('SIGKILL');
    await server.exited;
  };
  const stop = async () => {
    server.signal('SIGTERM');
    await tell('SIGCONT', 'unpause');
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
    freeze: () => tell('SIGSTOP', 'pause'),
    thaw: () => tell('SIGCONT', 'unpause'),
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
        `Keycloak ended while starting (${ended}): ${await lastWord(server.logFile)}`,
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

/** The line of the log that says most, and where the rest is. */
async function lastWord(logFile: string): Promise<string> {
  const log = await readFile(logFile, 'utf8');
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const said = /Database may be already in use/.test(log)
    ? 'another Keycloak runs on the same data'
    : (lines.findLast((line) => line.includes('ERROR')) ?? lines.at(-1) ?? 'it said nothing').trim();
  return `${said} (its log is ${logFile})`;
}
