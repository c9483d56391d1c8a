import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SystemUser {
  uid: number;
  gid: number;
}

const NAME = 'postgres';

/** Postgres refuses to run as root: it then runs as the system user `postgres`, which is created if it is missing. */
export async function databaseUser(): Promise<SystemUser> {
  const found = await findUser();
  if (found) return found;
  try {
    await run('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', NAME]);
  } catch (cause) {
    throw new Error(
      `Postgres does not run as root, and the system user '${NAME}' cannot be created: create it, or run as another user.`,
      { cause },
    );
  }
  return databaseUser();
}

async function findUser(): Promise<SystemUser | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', NAME]), run('id', ['-g', NAME])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}

/** Whether a user can reach these files and folders, including their parent folders. */
export async function canReach(user: SystemUser, paths: string[]): Promise<boolean> {
  try {
    await run('/bin/sh', ['-c', 'for path do test -x "$path" || exit 1; done', 'sh', ...paths], {
      ...user,
      cwd: '/',
    });
    return true;
  } catch {
    return false;
  }
}
