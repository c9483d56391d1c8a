import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cacheFolder } from '#libs/development/keycloak/distribution.js';

export const run = promisify(execFile);

/** Downloads and compiles what the tests of `deploy/` need; otherwise they run only if it is cached already. */
export const FETCHES = process.env['TEST_DEPLOY'] === 'all';

/** How long a download and a compilation may take on a busy machine (ms). */
export const FETCH_TIMEOUT = 30 * 60_000;

/** A program in the user's cache folder (`~/.cache/twinkey`), which is fetched once. */
export class CachedProgram {
  /**
   * @param name the folder in the cache, with the version
   * @param file the program's path in that folder
   * @param fetch fills an empty folder
   */
  constructor(
    private readonly name: string,
    private readonly file: string,
    private readonly fetch: (folder: string) => Promise<unknown>,
  ) {}

  get isAvailable(): boolean {
    return FETCHES || existsSync(this.path);
  }

  /** The program's path; fetches it if it is not cached. Test files that need it at once wait for the first one. */
  async get(): Promise<string> {
    await mkdir(cacheFolder(process.env), { recursive: true });
    const lock = join(cacheFolder(process.env), `${this.name}.lock`);
    while (!existsSync(this.path)) {
      if ((await mkdir(lock).catch(() => 'taken')) === 'taken') await this.wait(lock);
      else await this.fetchComplete().finally(() => rm(lock, { recursive: true, force: true }));
    }
    return this.path;
  }

  /** Waits a moment; removes the lock of a process that was killed. */
  private async wait(lock: string): Promise<void> {
    await delay(500);
    const taken = await stat(lock).catch(() => null);
    if (taken && Date.now() - taken.mtimeMs > FETCH_TIMEOUT) await rm(lock, { recursive: true, force: true });
  }

  /** The folder appears in the cache only when it is complete. */
  private async fetchComplete(): Promise<void> {
    const cached = join(cacheFolder(process.env), this.name);
    const folder = await mkdtemp(`${cached}.part-`);
    try {
      await this.fetch(folder);
      await rename(folder, cached);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  private get path(): string {
    return join(cacheFolder(process.env), this.name, this.file);
  }
}
