import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { vi } from 'vitest';

// Each command is a process of its own, and the machine may have other work.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROJECT_FILES = ['bin', 'package.json'];

export type Variables = Record<string, string>;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A process that runs until it is told to stop. */
export interface RunningCommand {
  child: ChildProcess;
  /** What it has printed so far. */
  output: { stdout: string; stderr: string };
  /** Resolves as soon as standard output holds this; rejects at the end of the process. */
  said(text: string | RegExp): Promise<void>;
  ended: Promise<Ended>;
}

/**
 * The built project in a folder of its own, with its own `.env` and `.twinkey`, as after `npm run build`. Commands run
 * there as real processes and know no variable but those given, so that nothing of this machine's settings reaches them.
 */
export class CliCheckout {
  private readonly running = new Set<ChildProcess>();

  private constructor(readonly folder: string) {}

  static async make(): Promise<CliCheckout> {
    const folder = await mkdtemp(join(tmpdir(), 'twinkey-cli-'));
    const sources = ['apps', 'libs', 'migrations', 'keycloak'];
    const options = [
      '--copy-files',
      '--ignore',
      '**/*.spec.ts',
      '--quiet',
      '--out-dir',
      join(folder, 'dist'),
    ];
    await run(join(ROOT, 'node_modules/.bin/swc'), [...sources, ...options], { cwd: ROOT });
    return CliCheckout.complete(folder);
  }

  /** Another one, as a fresh clone: without this one's `.env` and `.twinkey`. */
  async clone(): Promise<CliCheckout> {
    const folder = await mkdtemp(join(tmpdir(), 'twinkey-cli-'));
    await cp(join(this.folder, 'dist'), join(folder, 'dist'), { recursive: true });
    return CliCheckout.complete(folder);
  }

  private static async complete(folder: string): Promise<CliCheckout> {
    // Root's Postgres runs as another user, who gets copies of its programs where he cannot reach the checkout.
    await chmod(folder, 0o755);
    for (const file of PROJECT_FILES) await cp(join(ROOT, file), join(folder, file), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    return new CliCheckout(folder);
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Runs a command to its end. `input` is its standard input, which is empty otherwise. */
  async twinkey(args: string[], env: Variables = {}, input = ''): Promise<Ended> {
    const { child, ended } = this.start(args, env);
    child.stdin?.end(input);
    return ended;
  }

  start(args: string[], env: Variables = {}): RunningCommand {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [this.path('bin/twinkey.cjs'), ...args], {
      cwd: '/',
      env: { PATH, HOME, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.running.add(child);
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      output.stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      output.stderr += chunk;
    });
    child.stdin.on('error', () => {});
    const ended = once(child, 'close').then(([code]) => {
      this.running.delete(child);
      return { code, ...output };
    });
    const said = (text: string | RegExp) =>
      new Promise<void>((resolve, reject) => {
        const look = () => (output.stdout.match(text) ? resolve() : undefined);
        child.stdout.on('data', look);
        look();
        void ended.then(({ stderr }) => reject(new Error(`It ended without saying ${text}: ${stderr}`)));
      });
    return { child, output, said, ended };
  }

  /** Whether the embedded Postgres of this checkout is stopped, or was never there. */
  async isDatabaseStopped(): Promise<boolean> {
    const place = await this.databaseFolder();
    const files = await readdir(join(place, 'data')).catch(() => [] as string[]);
    return !files.includes('postmaster.pid');
  }

  /** Ends what still runs, and removes the folder. */
  async close(): Promise<void> {
    for (const child of this.running) child.kill('SIGKILL');
    const since = performance.now();
    while (!(await this.isDatabaseStopped())) {
      if (performance.now() - since > 20_000) throw new Error('The embedded Postgres does not stop.');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await rm(await this.databaseFolder(), { recursive: true, force: true });
    await rm(this.folder, { recursive: true, force: true });
  }

  private async databaseFolder(): Promise<string> {
    const place = this.path('.twinkey/postgres');
    return (await readFile(join(place, 'location'), 'utf8').catch(() => '')) || place;
  }
}

/** One line, and its end. */
export const ONE_LINE = /^[^\n]+\n$/;
