import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** libuv's default (https://docs.libuv.org/en/v1.x/threadpool.html). */
const DEFAULT_POOL_THREADS = 4;

/**
 * Returns the number of parallel hashes: one per core, so that logins can use the whole machine, but at least one less
 * than the libuv threads, so that DNS, files and other work in the pool never wait behind a hash.
 * Measured with `bench/login-saturation.mjs`; see `docs/decisions/guessing.md`.
 * @param cores the cores that this process may use
 * @param poolThreads the libuv threads; fixed when the process starts
 */
export const hashParallelism = (cores = usableCores(), poolThreads = libuvThreads()): number =>
  Math.max(1, Math.min(cores, poolThreads - 1));

/** libuv reads this variable; `bin/runtime.cjs` sets it unless the operator has. */
function libuvThreads(): number {
  const threads = Number.parseInt(process.env['UV_THREADPOOL_SIZE'] ?? '', 10);
  return Number.isNaN(threads) ? DEFAULT_POOL_THREADS : threads;
}

/**
 * Respects a container's CPU limit, which Node 20 ignores. On eight cores with a limit of two, eight parallel hashes
 * would use up the quota in a quarter of each period, and the process would be throttled for the rest.
 */
function usableCores(): number {
  const cores = availableParallelism();
  try {
    return Math.min(cores, coresOfQuota(readFileSync('/sys/fs/cgroup/cpu.max', 'utf8')));
  } catch {
    return cores; // There is no control group, or not version 2.
  }
}

/** @param cpuMax `max 100000` or `<quota> <period>` in microseconds (kernel docs, cgroup-v2, `cpu.max`) */
export function coresOfQuota(cpuMax: string): number {
  const [quota, period] = cpuMax.trim().split(' ').map(Number);
  if (!quota || !period) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(quota / period));
}
