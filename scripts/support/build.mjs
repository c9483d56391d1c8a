import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { root, scratch } from './paths.mjs';
import { Problem } from './problem.mjs';
import { runTool } from './run.mjs';

/** What is compiled, each to the folder of the same name in dist. */
export const SOURCES = ['apps', 'libs', 'migrations', 'keycloak'];

const DIST = join(root, 'dist');
const SCALAR = '@scalar/api-reference/browser/standalone.js';
const STAMP = join(DIST, '.stamp');
/** They decide what comes out as much as the sources do. */
const TOOLCHAIN = ['.swcrc', 'package-lock.json', 'scripts/support/build.mjs'];

/** Compiles to dist unless dist is what these sources compile to; tells whether it had to. */
export async function ensureBuilt() {
  if (isBuilt()) return false;
  return withLock('build', async () => {
    if (isBuilt()) return false;
    await compile();
    return true;
  });
}

/** Compiles to dist in any case. */
export function build() {
  return withLock('build', compile);
}

function isBuilt() {
  return readIfThere(STAMP)?.toString() === fingerprint();
}

/**
 * Compiles beside dist and then moves over, file by file, only what differs: a server that runs from dist, and loads a
 * file late, always finds a whole one.
 */
async function compile() {
  // Taken first: what changes while the compiler runs makes the result stale, never wrongly fresh.
  const stamp = fingerprint();
  mkdirSync(scratch, { recursive: true });
  const staged = mkdtempSync(join(scratch, 'dist-'));
  try {
    const options = ['--out-dir', staged, '--copy-files', '--ignore', '**/*.spec.ts', '--quiet'];
    const { code } = await runTool('@swc/cli/bin/swc.js', [...SOURCES, ...options]);
    if (code !== 0) throw new Problem('The build failed: dist stays as it was.');
    copyAssets(join(staged, 'assets'));
    rmSync(STAMP, { force: true });
    moveOver(staged, DIST);
    writeFileSync(STAMP, stamp);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

/** Files of development dependencies that the applications serve: one file of a package that is over 100 MB with its own. */
function copyAssets(folder) {
  mkdirSync(folder);
  copyFileSync(createRequire(import.meta.url).resolve(SCALAR), join(folder, 'scalar.js'));
}

function moveOver(staged, dist) {
  const made = new Set(filesIn(staged));
  for (const file of made) {
    const target = join(dist, file);
    if (readIfThere(target)?.equals(readFileSync(join(staged, file)))) continue;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(staged, file), target);
  }
  for (const file of filesIn(dist)) if (!made.has(file)) remove(dist, file);
}

/** Removes a file that no source makes any more, and the folders that it leaves empty. */
function remove(dist, file) {
  rmSync(join(dist, file));
  for (let folder = dirname(file); folder !== '.'; folder = dirname(folder)) {
    if (readdirSync(join(dist, folder)).length > 0) return;
    rmdirSync(join(dist, folder));
  }
}

function fingerprint() {
  const hash = createHash('sha256');
  const sources = SOURCES.flatMap((folder) => filesIn(join(root, folder)).map((file) => join(folder, file)));
  for (const file of [...TOOLCHAIN, ...sources.filter((file) => !file.endsWith('.spec.ts')).sort()]) {
    const content = readIfThere(join(root, file)) ?? Buffer.alloc(0);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** Every file below a folder, relative to it; none where the folder is missing. */
function filesIn(folder) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  } catch (error) {
    if (error.code === 'ENOENT') return [];
    throw error;
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
