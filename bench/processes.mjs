import { execFile, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('..', import.meta.url));

const hasTaskset = (() => {
  try {
    execFileSync('taskset', ['-V'], { stdio: 'ignore' });
    return availableParallelism() > 1;
  } catch {
    return false;
  }
})();

/** With `taskset`, the servers run alone on this core; load and Postgres run on the others. */
export const isPinned = hasTaskset;
const SERVER_CORE = '0';

/** Moves this process, and the processes that it starts later, off the servers' core. */
export function leaveServerCore() {
  if (!hasTaskset) return;
  execFileSync('taskset', ['-acp', `1-${availableParallelism() - 1}`, String(process.pid)], {
    stdio: 'ignore',
  });
}

/** The command that runs Node on a server's core, or on all of them. */
const nodeOn = (cores, args) =>
  hasTaskset ? ['taskset', ['-c', cores, process.execPath, ...args]] : [process.execPath, args];

/** Child processes that still run are killed when the benchmark ends. */
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

function killAtExit(child) {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** @param {{ everywhere?: boolean }} options `everywhere`: on all cores */
export function startNode(args, { env = {}, log = '/dev/null', everywhere = false, cwd = root } = {}) {
  const cores = everywhere ? ALL_CORES : SERVER_CORE;
  const out = openSync(log, 'a');
  const [command, rest] = nodeOn(cores, args);
  const { PATH, HOME } = process.env;
  const child = killAtExit(
    spawn(command, rest, {
      cwd,
      env: { PATH, HOME, ...env },
      stdio: ['ignore', out, 'inherit'],
    }),
  );
  return { child, pid: child.pid, stop: () => stop(child) };
}

const ALL_CORES = `0-${availableParallelism() - 1}`;

/** Runs a program on the servers' core and returns its output. @returns {Promise<string>} */
export async function outputOfNode(args) {
  const [command, rest] = nodeOn(SERVER_CORE, args);
  return (await promisify(execFile)(command, rest, { cwd: root })).stdout;
}

/** Starts a program of this folder that sends its port as soon as it listens. */
export async function startProgram(file, { env, log }) {
  const program = killAtExit(
    fork(fileURLToPath(new URL(file, import.meta.url)), {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', openSync(log, 'a'), 'inherit', 'ipc'],
    }),
  );
  if (hasTaskset) execFileSync('taskset', ['-acp', SERVER_CORE, String(program.pid)], { stdio: 'ignore' });
  const [port] = await once(program, 'message');
  return { child: program, pid: program.pid, port, stop: () => stop(program) };
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** CPU time that all threads of a process have used so far, in microseconds; NaN if /proc does not have it. */
export function cpuTime(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    // Nanoseconds on the CPU (kernel docs, sched-stats).
    const times = threads.map((id) =>
      Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
    );
    return times.reduce((sum, time) => sum + time, 0) / 1000;
  } catch {
    return Number.NaN;
  }
}

/** Resident memory in MB; NaN if /proc does not have it. */
export function memory(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
