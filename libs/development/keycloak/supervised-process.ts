import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Environment } from '#libs/config/environment.js';

/**
 * `exec` replaces the shell with the program, which therefore has the process id that spawn returned. The watcher process
 * waits for the end of the parent's pipe, which the kernel closes when the parent ends, also after SIGKILL, and then ends
 * the program. It belongs to the program's process group: while it runs, that id is not given to another process.
 */
const WATCHED_COMMAND = `
exec 3<&0 </dev/null
(
  cat <&3; kill -TERM $$; kill -CONT $$
  for second in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill -0 $$ || exit; done
  kill -KILL $$
) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`;

export interface SupervisedProcess {
  pid: number;
  /** Resolves at the program's end, with its exit code or the signal's name. */
  exited: Promise<number | string>;
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
}

/**
 * Starts a program in the background, which ends with this process. Its output replaces the content of `logFile`. It has
 * a separate process group, so a Ctrl-C in the terminal does not reach it.
 * @throws Error if there is no `/bin/sh`
 */
export async function startSupervised(
  command: string,
  args: string[],
  options: { environment: Environment; logFile: string },
): Promise<SupervisedProcess> {
  const log = openSync(options.logFile, 'w', 0o600);
  const child = spawn('/bin/sh', ['-c', WATCHED_COMMAND, command, command, ...args], {
    detached: true,
    env: options.environment,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const pid = child.pid as number;
  // The pipe breaks when the watcher ends. Nothing is ever written to it.
  child.stdin?.on('error', () => undefined);

  let isRunning = true;
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      isRunning = false;
      send(-pid, 'SIGKILL');
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return {
    pid,
    exited,
    isRunning: () => isRunning,
    signal: (signal) => {
      if (isRunning) {
        send(pid, signal);
      }
    },
  };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
}
