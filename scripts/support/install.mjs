import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from './lock.mjs';
import { root } from './paths.mjs';
import { UserFacingError } from './problem.mjs';
import { run } from './run.mjs';

const WANTED = join(root, 'package-lock.json');
/** npm writes this file as the last step of an install: an interrupted install has none. */
const PRESENT = join(root, 'node_modules/.package-lock.json');
const STAMP = join(root, 'node_modules/.twinkey-install');

/** Installs the packages of package-lock.json; takes a few milliseconds if they are installed. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  await withLock('install', async () => {
    if (isInstalled()) return;
    console.error('Installing packages (npm ci) …');
    const { code } = await npm(['ci', '--include=dev', '--loglevel=error']);
    if (code !== 0) throw new UserFacingError(`npm ci failed with exit code ${code}.`);
    writeFileSync(STAMP, fingerprint());
  });
}

/** True after an unchanged install of this script, or if another install (`npm install x`) has the right packages. */
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

/** `libc` is expensive to find out: a package that names one is treated as one for another machine. */
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

/** Prefers the npm that runs this script. Its output goes to standard error, because a program may read our standard output. */
function npm(args) {
  const cli = process.env.npm_execpath;
  const [command, ...first] = cli && basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm'];
  return run(command, [...first, ...args], { stdio: ['ignore', 2, 2] });
}
