import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import { CliCheckout } from '../cli/cli-checkout.js';
import { IGNORED, SOURCES } from './compiled-sources.js';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = [...SOURCES, 'bin', 'package.json', 'package-lock.json', '.swcrc'];

/** The commit of `findPreviousCommit`. */
export async function findPreviousCommit(): Promise<string | null> {
  const { href } = new URL('../../scripts/support/previous-commit.mjs', import.meta.url);
  return ((await import(href)) as { findPreviousCommit(): Promise<string | null> }).findPreviousCommit();
}

/**
 * Builds an earlier commit in a temporary folder, with today's compiler. It uses the installed packages, or if those have
 * other major versions or overrides than it was written for, its own.
 */
export async function checkOutBuild(commit: string): Promise<CliCheckout> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-previous-'));
  const archive = join(folder, 'archive.tar');
  await run('git', ['-c', `safe.directory=${ROOT}`, 'archive', `--output=${archive}`, commit, ...FILES], {
    cwd: ROOT,
  });
  await run('tar', ['-xf', archive, '-C', folder]);
  if (await hasItsPackages(folder)) await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  else await run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline'], { cwd: folder });
  const options = ['--copy-files', '--ignore', IGNORED, '--quiet', '--out-dir', 'dist'];
  await run(join(ROOT, 'node_modules/.bin/swc'), [...SOURCES, ...options], { cwd: folder });
  return CliCheckout.of(folder);
}

async function hasItsPackages(folder: string): Promise<boolean> {
  const { dependencies, overrides } = await readPackage(folder);
  // They can replace packages that this commit still needed.
  if (!isDeepStrictEqual(overrides, (await readPackage(ROOT)).overrides)) return false;
  const checks = Object.entries(dependencies).map(async ([name, range]) => {
    const installed = join(ROOT, 'node_modules', name);
    return existsSync(installed) && majorOf((await readPackage(installed)).version) === majorOf(range);
  });
  return (await Promise.all(checks)).every(Boolean);
}

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  overrides?: unknown;
}

async function readPackage(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

/** Of a version or a range: `^1.2.3` is 1, and 0.2.3, whose minor versions may break others, is 0.2. */
const majorOf = (version: string): string | undefined => /(0\.\d+|\d+)/.exec(version)?.[0];
