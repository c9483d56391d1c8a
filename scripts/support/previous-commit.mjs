import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from './paths.mjs';
import { run } from './run.mjs';

/**
 * The build that an upgrade starts from: the newest release below this commit; without releases, the commit before the
 * one that added the newest migration.
 * @returns its name for git, or null if this checkout has no history
 */
export async function findPreviousCommit() {
  const release = await git('describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*', 'HEAD^');
  if (release) return release;
  // A merge counts as the commit that added what it brings.
  const adding = ['log', '--first-parent', '-m', '--diff-filter=A', '-1', '--format=%H'];
  const commit = await git(...adding, '--', newestMigration());
  return commit && git('rev-parse', '--short', '--verify', '--quiet', `${commit}^1`);
}

/** Their names begin with the time when they were written. */
function newestMigration() {
  const files = ['identity', 'users'].flatMap((schema) =>
    readdirSync(join(root, 'migrations', schema)).map((name) => join('migrations', schema, name)),
  );
  const isMigration = (file) => /^\d+-/.test(basename(file));
  return files
    .filter(isMigration)
    .sort((a, b) => Number.parseInt(basename(b), 10) - Number.parseInt(basename(a), 10))[0];
}

/** The first line of its output, or null if it fails. CI may run as another user than the one who owns the checkout. */
async function git(...args) {
  const options = { stdio: ['ignore', 'pipe', 'ignore'] };
  const { code, output } = await run('git', ['-c', `safe.directory=${root}`, ...args], options);
  return code === 0 ? output.trim() || null : null;
}
