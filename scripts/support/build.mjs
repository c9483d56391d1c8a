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
import { withLock } from './file-lock.mjs';
import { root, scratch } from './paths.mjs';
import { runTool } from './run.mjs';
import { UserFacingError } from './user-facing-error.mjs';

/** The compiled folders, each to the folder of the same name in dist. */
export const SOURCES = ['apps', 'libs', 'migrations', 'keycloak'];

/** The package's own build, which `npm run build -w @twinkey/verify` makes of the same sources. */
const PACKAGE_DIST = 'libs/verify/dist';

/** Files of development dependencies that the applications serve, and the licences that are with them. */
const ASSETS = [
  '@scalar/api-reference/browser/standalone.js',
  'swagger-ui-dist/LICENSE',
  'swagger-ui-dist/NOTICE',
  'swagger-ui-dist/favicon-32x32.png',
  'swagger-ui-dist/oauth2-redirect.js',
  'swagger-ui-dist/swagger-ui-bundle.js',
  'swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt',
  'swagger-ui-dist/swagger-ui.css',
];

const DIST = join(root, 'dist');
const STAMP = join(DIST, '.stamp');
/** Files besides the sources that affect the result of the build. */
const TOOLCHAIN = ['.swcrc', 'package-lock.json', 'scripts/support/build.mjs'];

/** Compiles to dist if dist is out of date. Returns whether it compiled. */
export async function ensureBuilt() {
  if (isBuilt()) return false;
  return withLock('build', async () => {
    if (isBuilt()) return false;
    await compile();
    return true;
  });
}

/** Always compiles to dist. */
export function build() {
  return withLock('build', compile);
}

function isBuilt() {
  return readIfExists(STAMP)?.toString() === fingerprint();
}

/**
 * Compiles to a temporary folder and then moves only the changed files to dist, so that a server that runs from dist and
 * loads a file later never reads an incomplete one.
 */
async function compile() {
  // Computed first: if a source changes while the compiler runs, the result counts as out of date.
  const stamp = fingerprint();
  mkdirSync(scratch, { recursive: true });
  const staged = mkdtempSync(join(scratch, 'dist-'));
  try {
    const options = [
      '--out-dir',
      staged,
      '--copy-files',
      '--ignore',
      `**/*.spec.ts,${PACKAGE_DIST}/**`,
      '--quiet',
    ];
    const { code } = await runTool('@swc/cli/bin/swc.js', [...SOURCES, ...options]);
    if (code !== 0) throw new UserFacingError('The build failed: dist was not changed.');
    copyAssets(join(staged, 'assets'));
    rmSync(STAMP, { force: true });
    moveChanged(staged, DIST);
    writeFileSync(STAMP, stamp);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

export function copyAssets(folder) {
  const { resolve } = createRequire(import.meta.url);
  for (const asset of ASSETS) {
    mkdirSync(join(folder, dirname(asset)), { recursive: true });
    copyFileSync(resolve(asset), join(folder, asset));
  }
}

function moveChanged(staged, dist) {
  const built = new Set(filesIn(staged));
  for (const file of built) {
    const target = join(dist, file);
    if (readIfExists(target)?.equals(readFileSync(join(staged, file)))) continue;
    mkdirSync(dirname(target), { recursive: true });
    renameSync(join(staged, file), target);
  }
  for (const file of filesIn(dist)) if (!built.has(file)) remove(dist, file);
}

/** Removes a file without a source, and the folders that become empty. */
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
  const compiled = sources.filter((file) => !file.endsWith('.spec.ts') && !file.startsWith(PACKAGE_DIST));
  for (const file of [...TOOLCHAIN, ...compiled.sort()]) {
    const content = readIfExists(join(root, file)) ?? Buffer.alloc(0);
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** All files in a folder and its subfolders, relative to it; empty if the folder is missing. */
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

function readIfExists(file) {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}
