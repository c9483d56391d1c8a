import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TOOLS = ['@swc', 'chokidar', 'vitest'];

export interface Ended {
  code: number | null;
  output: string;
}

/**
 * This project's scripts and launcher around an application of a few lines, in a folder of its own whose name has a
 * space: they install, build and stop things, which must not happen to the real checkout.
 */
export class TinyCheckout {
  readonly folder = join(mkdtempSync(join(tmpdir(), 'twinkey-scripts-')), 'a checkout');
  private readonly children = new Set<ChildProcess>();

  constructor(main: string) {
    for (const part of ['bin', 'scripts', 'package.json', '.swcrc']) {
      cpSync(join(ROOT, part), join(this.folder, part), { recursive: true });
    }
    for (const folder of ['libs', 'migrations', 'keycloak']) mkdirSync(join(this.folder, folder));
    this.write('apps/cli/src/main.ts', main);
    // Nothing to install; links, so that an npm ci by mistake would take away no more than these.
    this.write('package-lock.json', '{ "packages": {} }');
    this.write('node_modules/.package-lock.json', '{ "packages": {} }');
    for (const tool of TOOLS)
      symlinkSync(join(ROOT, 'node_modules', tool), join(this.folder, 'node_modules', tool));
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Starts a program in a process group of its own, as a terminal does. */
  spawn(command: string, args: string[], env: NodeJS.ProcessEnv = {}, cwd = this.folder): ChildProcess {
    const child = spawn(command, args, {
      cwd,
      detached: true,
      env: { ...withoutNpm(process.env), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.children.add(child);
    return child;
  }

  /** A program from its start to its end. */
  async run(command: string, args: string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Promise<Ended> {
    return ended(this.spawn(command, args, env, cwd));
  }

  close(): void {
    for (const { pid } of this.children) killGroup(pid!);
    rmSync(dirname(this.folder), { recursive: true, force: true });
  }
}

/** Waits for a program's end, and gathers what it says from now on. */
export function ended(child: ChildProcess): Promise<Ended> {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** Waits until the program has said `text`. */
export function said(child: ChildProcess, text: string): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.stdout!.on('data', (chunk) => {
      output += chunk;
      if (output.includes(text)) resolve();
    });
    child.once('close', () => reject(new Error(`ended without saying ${text}: ${output}`)));
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of it is left.
  }
}

/** These tests run under `npm test`, and the started npm shall not think that it runs within another. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV$|CI$)/i.test(name)),
  );
}
