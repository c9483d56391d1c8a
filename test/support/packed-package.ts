import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Of the checkout's scripts, which are JavaScript. */
type WithLock = <T>(name: string, task: () => Promise<T>) => Promise<T>;

/** npm takes packages from its cache where it can. */
const INSTALL = [
  'install',
  '--prefer-offline',
  '--no-audit',
  '--no-fund',
  '--ignore-scripts',
  '--loglevel=error',
];

/**
 * Runs npm in a folder as a user does. npm's variables are left out: under `npm test` they name this checkout.
 * @returns the standard output
 */
export async function npm(folder: string, ...args: string[]): Promise<string> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|VITEST|NODE_ENV$)/i.test(name)),
  );
  const { stdout } = await run('npm', args, { cwd: folder, env, maxBuffer: 10_000_000 });
  return stdout;
}

export const npmInstall = (folder: string, ...packages: string[]): Promise<string> =>
  npm(folder, ...INSTALL, ...packages);

/** Builds and packs @twinkey/verify as it is published. @returns the path of the tarball in `folder` */
export async function packVerify(folder: string): Promise<string> {
  const { withLock } = (await import(`${ROOT}scripts/support/file-lock.mjs`)) as { withLock: WithLock };
  const output = await withLock('verify-package', () =>
    npm(ROOT, 'pack', '--silent', '-w', '@twinkey/verify', '--pack-destination', folder),
  );
  return join(folder, output.trim().split('\n').at(-1) as string);
}

export interface Consumer {
  folder: string;
  tarball: string;
  close(): Promise<void>;
}

/** A project of another team, with nothing installed but the package. */
export async function installVerify(): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-consumer-'));
  const tarball = await packVerify(folder);
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  );
  await npmInstall(folder, tarball);
  return { folder, tarball, close: () => rm(folder, { recursive: true, force: true }) };
}
