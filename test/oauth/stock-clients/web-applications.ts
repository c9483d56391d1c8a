import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '#libs/development/keycloak/distribution.js';
import { runProgram } from '#libs/development/keycloak/programs.js';
import { freePort } from '../../support/free-ports.js';
import { findPython } from '../../support/python.js';

/** A web application on a stock client library, which signs its user in with OpenID Connect. */
export interface WebApplication {
  name: string;
  /** The path of its redirect URI. */
  callback: string;
  isAvailable: boolean;
  /** Downloads and compiles it once; the user's caches keep the result. @returns the program and its arguments */
  prepare(): Promise<[program: string, ...args: string[]]>;
}

export interface RunningApplication {
  /** `http://localhost:{port}`. Its page `/` starts the sign-in. */
  origin: string;
  close(): Promise<void>;
}

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const succeeds = async (program: string, args: string[]) =>
  (await runProgram(program, args, { environment: process.env, timeoutMs: 60_000 })).code === 0;

/** @throws Error with the program's output */
async function build(program: string, args: string[], cwd: string): Promise<void> {
  const { code, output } = await runProgram(program, args, {
    environment: process.env,
    timeoutMs: 15 * 60_000,
    cwd,
  });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${output}`);
}

/** Go compiles within a second when its own cache is warm. */
async function buildGo(): Promise<[string]> {
  const program = join(await mkdtemp(join(tmpdir(), 'twinkey-go-')), 'client');
  await build('go', ['build', '-o', program, '.'], folder('go'));
  return [program];
}

/** The archive is kept in the user's cache, by the digest of its sources. */
async function buildSpring(): Promise<[string, ...string[]]> {
  const sources = folder('spring');
  const digest = createHash('sha256');
  const files = (await readdir(sources, { recursive: true, withFileTypes: true })).filter((each) =>
    each.isFile(),
  );
  const paths = files.map((file) => join(file.parentPath, file.name)).sort();
  for (const path of paths) digest.update(path.slice(sources.length)).update(await readFile(path));
  const archive = join(
    cacheFolder(process.env),
    `spring-client-${digest.digest('hex').slice(0, 16)}`,
    'client-1.jar',
  );
  if (existsSync(archive)) return ['java', '-jar', archive];
  await mkdir(cacheFolder(process.env), { recursive: true });
  const work = await mkdtemp(`${archive.slice(0, -'/client-1.jar'.length)}.part-`);
  try {
    await cp(sources, work, { recursive: true });
    await build('mvn', ['-q', '-B', 'package'], work);
    await rename(join(work, 'target'), join(archive, '..'));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return ['java', '-jar', archive];
}

const python = await findPython('authlib, flask, requests', 'the OpenID Connect client of Authlib');
const [hasGo, hasMaven, hasJavac] = await Promise.all([
  // Older ones cannot read this go.mod.
  runProgram('go', ['version'], { environment: process.env, timeoutMs: 60_000 }).then(
    ({ output }) => Number(/go1\.(\d+)/.exec(output)?.[1] ?? 0) >= 25,
  ),
  succeeds('mvn', ['-version']),
  succeeds('javac', ['-version']),
]);

export const WEB_APPLICATIONS: WebApplication[] = [
  {
    name: 'go-oidc with x/oauth2',
    callback: '/callback',
    isAvailable: hasGo,
    prepare: buildGo,
  },
  {
    name: 'Authlib with Flask',
    callback: '/callback',
    isAvailable: python !== null,
    prepare: async () => [python ?? 'python3', join(folder('python'), 'with_authlib.py')],
  },
  {
    name: 'Spring Security',
    callback: '/login/oauth2/code/twinkey',
    isAvailable: hasMaven && hasJavac,
    prepare: buildSpring,
  },
];

/** How long a server may take to answer (ms): a JVM on a busy machine takes long. */
const START_TIMEOUT = 180_000;

/** Starts the application; it reads the issuer's discovery document before it answers. */
export async function startApplication(
  [program, ...args]: [string, ...string[]],
  { issuer, clientId, secret }: { issuer: string; clientId: string; secret: string },
): Promise<RunningApplication> {
  const port = String(await freePort());
  const child = spawn(program, args, {
    env: {
      ...process.env,
      ISSUER: issuer,
      CLIENT_ID: clientId,
      CLIENT_SECRET: secret,
      PORT: port,
      SERVER_PORT: port,
      SERVER_ADDRESS: '127.0.0.1',
      // Authlib refuses http otherwise.
      AUTHLIB_INSECURE_TRANSPORT: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const closed = once(child, 'close');
  const close = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  const deadline = performance.now() + START_TIMEOUT;
  while (!(await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' }).catch(() => null))) {
    if (child.exitCode === null && performance.now() < deadline) await delay(100);
    else {
      await close();
      throw new Error(`${program} does not answer: ${output}`);
    }
  }
  return { origin: `http://localhost:${port}`, close };
}
