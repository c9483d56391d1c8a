import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The packages of the build and of its assets, and those of the other scripts. */
const TOOLS = ['@scalar', '@swc', 'chokidar', 'swagger-ui-dist', 'vitest'];

export interface ScriptResult {
  code: number | null;
  output: string;
}

/**
 * This project's scripts and launcher with a very small application, in a temporary folder whose name has a space. The
 * scripts install, build and stop things, which must not happen to the real checkout.
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
    // Nothing to install. The tools are links, so that an accidental npm ci would delete only the links.
    this.write('package-lock.json', '{ "packages": {} }');
    this.write('node_modules/.package-lock.json', '{ "packages": {} }');
    // The launcher imports it.
    this.write('node_modules/@nestjs/core/index.js', '');
    for (const tool of TOOLS)
      symlinkSync(join(ROOT, 'node_modules', tool), join(this.folder, 'node_modules', tool));
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Starts a program in a new process group, as a terminal does. */
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

  /** Runs a program until it ends. */
  async run(
    command: string,
    args: string[],
    env: NodeJS.ProcessEnv = {},
    cwd?: string,
  ): Promise<ScriptResult> {
    return ended(this.spawn(command, args, env, cwd));
  }

  close(): void {
    for (const { pid } of this.children) killGroup(pid!);
    rmSync(dirname(this.folder), { recursive: true, force: true });
  }
}

/** Waits until a program ends, and returns its output from now on. */
export function ended(child: ChildProcess): Promise<ScriptResult> {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** Waits until the program has printed `text`. */
export function untilPrinted(child: ChildProcess, text: string): Promise<void> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.stdout!.on('data', (chunk) => {
      output += chunk;
      if (output.includes(text)) resolve();
    });
    child.once('close', () => reject(new Error(`ended without printing ${text}: ${output}`)));
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The process group has already ended.
  }
}

/** These tests run under `npm test`; the started npm must not see that it runs inside another npm. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV$|CI$)/i.test(name)),
  );
}
