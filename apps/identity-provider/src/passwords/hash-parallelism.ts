import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** libuv's own default (https://docs.libuv.org/en/v1.x/threadpool.html). */
const DEFAULT_POOL_THREADS = 4;

/**
 * How many hashes may run at once: one a core, so that logins can use the whole machine, yet always one less than
 * libuv has threads, so that DNS, files and whatever else goes through its pool never wait behind a hash.
 * Measured with `bench/login-saturation.mjs`; see `docs/decisions/guessing.md`.
 * @param cores that this process may use
 * @param poolThreads libuv's; fixed when the process starts
 */
export const hashParallelism = (cores = usableCores(), poolThreads = libuvThreads()): number =>
  Math.max(1, Math.min(cores, poolThreads - 1));

/** Not a setting of ours: `bin/runtime.cjs` chooses it unless the operator has. */
function libuvThreads(): number {
  const told = Number.parseInt(process.env['UV_THREADPOOL_SIZE'] ?? '', 10);
  return Number.isNaN(told) ? DEFAULT_POOL_THREADS : told;
}

/**
 * A container's CPU limit counts, which Node 20 does not look at: on eight cores with a limit of two, eight hashes at
 * once would use up a period's share in a quarter of it, and everything else would stand still for the rest.
 */
function usableCores(): number {
  const cores = availableParallelism();
  try {
    return Math.min(cores, coresOfQuota(readFileSync('/sys/fs/cgroup/cpu.max', 'utf8')));
  } catch {
    return cores; // No control group, or not version 2.
  }
}

/** @param cpuMax `max 100000` or `<quota> <period>` in microseconds (kernel docs, cgroup-v2, `cpu.max`) */
export function coresOfQuota(cpuMax: string): number {
  const [quota, period] = cpuMax.trim().split(' ').map(Number);
  if (!quota || !period) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(quota / period));
}
