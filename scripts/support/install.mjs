import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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
    // Another install (`npm install x`) may have the right packages as well.
    if (!hasEveryPackage()) {
      console.error('Installing packages (npm ci) …');
      await npm('ci', '--ignore-scripts', '--include=dev');
    }
    await runAllowedScripts();
    writeFileSync(STAMP, fingerprint());
  });
}

/** npm before version 11 does not know `allowScripts` and would run the install script of every package. */
async function runAllowedScripts() {
  const { allowScripts } = JSON.parse(read(join(root, 'package.json')));
  const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name]);
  const present = allowed.filter((name) => existsSync(join(root, 'node_modules', name)));
  if (present.length > 0) await npm('rebuild', '--ignore-scripts=false', ...present);
}

function isInstalled() {
  return read(STAMP) === fingerprint();
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  return hash.update(read(WANTED)).update(read(PRESENT)).digest('hex');
}

function hasEveryPackage() {
  const present = packagesIn(PRESENT);
  return Object.entries(packagesIn(WANTED)).every(([path, wanted]) => {
    // The checkout itself, its workspaces, and the links to them.
    if (!path.includes('node_modules/') || wanted.link) return true;
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
async function npm(...args) {
  const cli = process.env.npm_execpath;
  const [command, ...first] = cli && basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm'];
  const options = { stdio: ['ignore', 2, 2] };
  const { code } = await run(command, [...first, ...args, '--loglevel=error'], options);
  if (code !== 0) throw new UserFacingError(`npm ${args[0]} failed with exit code ${code}.`);
}
