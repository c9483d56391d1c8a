import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from './lock.mjs';
import { root } from './paths.mjs';
import { Problem } from './problem.mjs';
import { run } from './run.mjs';

const WANTED = join(root, 'package-lock.json');
/** npm writes here what it has installed, as its last act: an install that was interrupted has none. */
const PRESENT = join(root, 'node_modules/.package-lock.json');
const STAMP = join(root, 'node_modules/.twinkey-install');

/** Brings node_modules to what package-lock.json says; costs some milliseconds where that is so already. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  await withLock('install', async () => {
    if (isInstalled()) return;
    console.error('Installing packages (npm ci) …');
    const { code } = await npm(['ci', '--include=dev', '--loglevel=error']);
    if (code !== 0) throw new Problem(`npm ci failed with exit code ${code}.`);
    writeFileSync(STAMP, fingerprint());
  });
}

/** Ours, and nothing has changed since; or somebody else's install (`npm install x`) that fits as well. */
function isInstalled() {
  return read(STAMP) === fingerprint() || hasEveryPackage();
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  return hash.update(read(WANTED)).update(read(PRESENT)).digest('hex');
}

function hasEveryPackage() {
  const present = packagesIn(PRESENT);
  return Object.entries(packagesIn(WANTED)).every(([path, wanted]) => {
    if (path === '' || wanted.link) return true;
    const found = present[path];
    if (found) return found.version === wanted.version && found.integrity === wanted.integrity;
    return wanted.optional === true && !isForThisMachine(wanted);
  });
}

/** `libc` can't be told cheaply: a package that names one passes for another machine's. */
function isForThisMachine({ os, cpu, libc }) {
  if (libc || (!os && !cpu)) return false;
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);
}

function packagesIn(file) {
  return JSON.parse(read(file) || '{}').packages ?? {};
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The npm that runs this script, where one does. Its output goes to standard error: ours may be read by a program. */
function npm(args) {
  const cli = process.env.npm_execpath;
  const [command, ...first] = cli && basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm'];
  return run(command, [...first, ...args], { stdio: ['ignore', 2, 2] });
}
