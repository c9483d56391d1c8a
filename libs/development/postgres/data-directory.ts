import { chown, link, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Binaries, copyBinaries, findBinaries } from './binaries.js';
import { canReach, databaseUser, type SystemUser } from './system-user.js';

/** Where one embedded Postgres lives, with which binaries, and whom it runs as (null: as ourselves). */
export interface DataDirectory {
  folder: string;
  binaries: Binaries;
  user: SystemUser | null;
}

/**
 * Makes the folder, mode 0700 and owned by the user whom Postgres runs as. Where that user cannot reach it or the
 * binaries (root's checkout in a home of mode 0700), both move to a folder of a random name under /var/tmp, and the
 * file `location` says which.
 */
export async function prepareDataDirectory(folder: string): Promise<DataDirectory> {
  const binaries = findBinaries();
  // The folder around it can be passed through, but not listed: root's Postgres runs as somebody else.
  await mkdir(dirname(folder), { recursive: true, mode: 0o711 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const user = await ownerOf(folder);
  if (!user) return { folder, binaries, user };
  if (await canReach(user, [folder, binaries.initdb])) return { folder, binaries, user };

  const location = join(folder, 'location');
  const moved = await readFile(location, 'utf8').catch(() => '');
  if (moved && !(await stat(moved).catch(() => null))) await rm(location, { force: true });
  const elsewhere = await createOnce(location, user, async () => {
    const made = await mkdtemp('/var/tmp/twinkey-postgres-');
    await chown(made, user.uid, user.gid);
    return made;
  });
  return { folder: elsewhere, binaries: await copyBinaries(binaries, elsewhere, user), user };
}

/** Whom Postgres is to run as: the user to whom the folder belongs, once it belongs to one other than root. */
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
 * The text of a file of mode 0600 that is written once and never changed, by whoever comes first. A half-written one
 * is never seen: it comes into being by a hard link.
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
