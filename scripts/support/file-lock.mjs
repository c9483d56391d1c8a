import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scratch } from './paths.mjs';

const HEARTBEAT_MS = 2_000;
const DEAD_AFTER_MS = 30_000;
const POLL_MS = 50;
const REPORT_AFTER_MS = 2_000;

/**
 * Runs `task` while no other process of this checkout runs a task with the same name, and waits if necessary.
 * A lock is taken over if its holder no longer runs (killed, machine restarted).
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} task
 * @returns {Promise<T>}
 */
export async function withLock(name, task) {
  mkdirSync(scratch, { recursive: true });
  const file = join(scratch, `${name}.lock`);
  const owner = `${process.pid}@${hostname()}`;
  const started = Date.now();
  for (let reported = false; !acquire(file, owner); await sleep(POLL_MS)) {
    removeIfDead(file);
    if (reported || Date.now() - started < REPORT_AFTER_MS) continue;
    reported = true;
    console.error(`Waiting for another process of this checkout (${name}) …`);
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS);
  try {
    return await task();
  } finally {
    clearInterval(heartbeat);
    rmSync(file, { force: true });
  }
}

function acquire(file, owner) {
  try {
    writeFileSync(file, owner, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function removeIfDead(file) {
  const seen = read(file);
  if (!seen || isAlive(seen)) return;
  // Another process may have replaced the dead lock in the meantime: move the file aside first, and then check its owner.
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (read(aside)?.owner !== seen.owner) linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  rmSync(aside, { force: true });
}

function isAlive({ owner, touched }) {
  const [pid, host] = owner.split('@');
  if (host === hostname() && Number(pid) > 0 && !isRunning(Number(pid))) return false;
  return Date.now() - touched < DEAD_AFTER_MS;
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function read(file) {
  try {
    return { owner: readFileSync(file, 'utf8'), touched: statSync(file).mtimeMs };
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

function touch(file) {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The scratch folder was deleted by hand: continue.
  }
}
