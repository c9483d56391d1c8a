import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-ports.js';
import { npm, npmInstall, packVerify, ROOT } from '../support/packed-package.js';

/** Each with the file that starts it. */
export const SERVICES = {
  'express-service': 'src/main.js',
  'fastify-service': 'src/main.js',
  'nest-service': 'dist/main.js',
} as const;

export type ServiceName = keyof typeof SERVICES;
export const SERVICE_NAMES = Object.keys(SERVICES) as ServiceName[];

/** The variables that the services read. */
export interface ServiceVariables {
  TWINKEY_ISSUER: string;
  TWINKEY_AUDIENCE: string;
  TWINKEY_JWKS_URL: string;
  KEYCLOAK_URL?: string;
  KEYCLOAK_REALM?: string;
  TWINKEY_FEED_URL?: string;
  TWINKEY_USERS_FEED_URL?: string;
  TWINKEY_FEED_TOKEN?: string;
}

export interface RunningService {
  /** The status, and the body where it is 200. */
  get(path: string, token?: string): Promise<{ status: number; challenge: string | null; body: unknown }>;
  close(): Promise<void>;
}

/** How long a service may take to answer (ms) on a busy machine. */
const START_TIMEOUT = 60_000;

/** The examples, copied out of the checkout and installed with the packed package. */
export class InstalledServices {
  private constructor(private readonly folder: string) {}

  static async install(): Promise<InstalledServices> {
    const folder = await mkdtemp(join(tmpdir(), 'twinkey-examples-'));
    await packVerify(folder);
    await Promise.all(
      SERVICE_NAMES.map(async (name) => {
        await cp(join(ROOT, 'examples', name), join(folder, name), {
          recursive: true,
          filter: (path) => !['node_modules', 'dist', 'package-lock.json'].includes(basename(path)),
        });
        await npmInstall(join(folder, name));
      }),
    );
    await npm(join(folder, 'nest-service'), 'run', 'build');
    return new InstalledServices(folder);
  }

  /** Runs the service's own tests. @throws Error with their output where one fails */
  test(name: ServiceName): Promise<string> {
    return npm(join(this.folder, name), 'test', '--silent').catch(({ stdout, stderr }) => {
      throw new Error(`${stdout}${stderr}`);
    });
  }

  async start(name: ServiceName, variables: ServiceVariables): Promise<RunningService> {
    const PORT = String(await freePort());
    const child = spawn(process.execPath, [SERVICES[name]], {
      cwd: join(this.folder, name),
      env: { PATH: process.env['PATH'], ...variables, PORT },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const closed = once(child, 'close');
    const url = `http://127.0.0.1:${PORT}`;
    const deadline = performance.now() + START_TIMEOUT;
    while (!(await fetch(`${url}/health`).catch(() => null))) {
      if (child.exitCode === null && performance.now() < deadline) await delay(50);
      else {
        child.kill('SIGKILL');
        throw new Error(`${name} does not answer: ${output}`);
      }
    }
    return {
      get: async (path, token) => {
        const headers = token === undefined ? undefined : { authorization: `Bearer ${token}` };
        const response = await fetch(`${url}${path}`, { headers });
        const { status } = response;
        const challenge = response.headers.get('www-authenticate');
        const text = await response.text();
        return { status, challenge, body: status === 200 ? JSON.parse(text) : null };
      },
      close: async () => {
        child.kill('SIGTERM');
        await closed;
      },
    };
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}
