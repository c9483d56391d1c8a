import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { appDatabaseVariables } from '../support/app-database.js';
import { compiledSources } from '../support/compiled-sources.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROJECT_FILES = ['bin', 'package.json'];

export type Variables = Record<string, string>;

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A process that runs until it is stopped. */
export interface RunningCommand {
  child: ChildProcess;
  /** The output so far. */
  output: { stdout: string; stderr: string };
  /** Resolves when standard output contains `text`; rejects if the process ends before. */
  untilPrinted(text: string | RegExp): Promise<void>;
  ended: Promise<CommandResult>;
}

/**
 * The built project in a temporary folder, with its own `.env` and `.twinkey`, as after `npm run build`. Commands run
 * there as real processes with the given variables only, so that this machine's settings do not affect them.
 */
export class CliCheckout {
  private readonly running = new Set<ChildProcess>();

  private constructor(readonly folder: string) {}

  static async make(): Promise<CliCheckout> {
    const folder = await mkdtemp(join(tmpdir(), 'twinkey-cli-'));
    await cp(await compiledSources(), join(folder, 'dist'), { recursive: true });
    return CliCheckout.complete(folder);
  }

  /** A folder that has all of it already. */
  static async of(folder: string): Promise<CliCheckout> {
    await chmod(folder, 0o755);
    return new CliCheckout(folder);
  }

  /** A copy without `.env` and `.twinkey`, like a fresh clone. */
  async clone(): Promise<CliCheckout> {
    const folder = await mkdtemp(join(tmpdir(), 'twinkey-cli-'));
    await cp(join(this.folder, 'dist'), join(folder, 'dist'), { recursive: true });
    return CliCheckout.complete(folder);
  }

  private static async complete(folder: string): Promise<CliCheckout> {
    // For root, Postgres runs as another user, which gets copies of its programs if it cannot reach the checkout.
    await chmod(folder, 0o755);
    for (const file of PROJECT_FILES) await cp(join(ROOT, file), join(folder, file), { recursive: true });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    return new CliCheckout(folder);
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Runs a command until it ends. `input` is its standard input. */
  async twinkey(args: string[], env: Variables = {}, input = ''): Promise<CommandResult> {
    const { child, ended } = this.start(args, env);
    child.stdin?.end(input);
    return ended;
  }

  start(args: string[], env: Variables = {}): RunningCommand {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [this.path('bin/twinkey.cjs'), ...args], {
      cwd: '/',
      env: { PATH, HOME, ...appDatabaseVariables(env) },
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
    const untilPrinted = (text: string | RegExp) =>
      new Promise<void>((resolve, reject) => {
        const check = () => (output.stdout.match(text) ? resolve() : undefined);
        child.stdout.on('data', check);
        check();
        void ended.then(({ stderr }) =>
          reject(new Error(`The command ended without printing ${text}: ${stderr}`)),
        );
      });
    return { child, output, untilPrinted, ended };
  }

  /** Whether the embedded Postgres of this checkout is stopped or does not exist. */
  async isDatabaseStopped(): Promise<boolean> {
    const folder = await this.databaseFolder();
    const files = await readdir(join(folder, 'data')).catch(() => [] as string[]);
    return !files.includes('postmaster.pid');
  }

  /** Kills the running commands, and removes the folder. */
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
    const folder = this.path('.twinkey/postgres');
    return (await readFile(join(folder, 'location'), 'utf8').catch(() => '')) || folder;
  }
}

/** One line with its newline. */
export const ONE_LINE = /^[^\n]+\n$/;
