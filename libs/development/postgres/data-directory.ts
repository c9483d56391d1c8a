import { chown, link, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Binaries, copyBinaries, findBinaries } from './binaries.js';
import { canReach, databaseUser, type SystemUser } from './system-user.js';

/** The directory of one embedded Postgres, its binaries, and the user that it runs as (null: the current user). */
export interface DataDirectory {
  folder: string;
  binaries: Binaries;
  user: SystemUser | null;
}

/**
 * Creates the folder with mode 0700, owned by the user that Postgres runs as. If that user cannot reach the folder or the
 * binaries (a checkout of root in a home folder of mode 0700), both are moved to a random folder in /var/tmp, whose path
 * is stored in the file `location`.
 */
export async function prepareDataDirectory(folder: string): Promise<DataDirectory> {
  const binaries = findBinaries();
  // Other users can pass through the parent folder, but not list it: for root, Postgres runs as another user.
  await mkdir(dirname(folder), { recursive: true, mode: 0o711 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const user = await ownerOf(folder);
  if (!user) return { folder, binaries, user };
  if (await canReach(user, [folder, binaries.initdb])) return { folder, binaries, user };

  const location = join(folder, 'location');
  const moved = await readFile(location, 'utf8').catch(() => '');
  if (moved && !(await stat(moved).catch(() => null))) await rm(location, { force: true });
  const elsewhere = await createOnce(location, user, async () => {
    const created = await mkdtemp('/var/tmp/twinkey-postgres-');
    await chown(created, user.uid, user.gid);
    return created;
  });
  return { folder: elsewhere, binaries: await copyBinaries(binaries, elsewhere, user), user };
}

/** The user that Postgres runs as: the folder's owner. A folder of root is first given to user `postgres`. */
async function ownerOf(folder: string): Promise<SystemUser | null> {
  const { uid, gid } = await stat(folder);
  if (process.getuid?.() !== 0) {
    if (uid === process.getuid?.()) return null;
    throw new Error(`${folder} belongs to another user: run as that user, or delete it.`);
  }
  if (uid !== 0) return { uid, gid };
  const user = await databaseUser();
  await chown(folder, user.uid, user.gid);
  return user;
}

/**
 * Returns the text of a file of mode 0600, which the first process creates and nobody changes. Other processes never see
 * an incomplete file, because it is created by a hard link.
 */
export async function createOnce(
  file: string,
  user: SystemUser | null,
  make: () => string | Promise<string>,
): Promise<string> {
  const found = await readFile(file, 'utf8').catch(() => '');
  if (found) return found;
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, await make(), { mode: 0o600 });
  if (user) await chown(unfinished, user.uid, user.gid);
  try {
    await link(unfinished, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
  return readFile(file, 'utf8');
}
