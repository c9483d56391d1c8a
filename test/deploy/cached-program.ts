import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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

  /** The program's path; fetches it if it is not cached. The folder appears in the cache only when it is complete. */
  async get(): Promise<string> {
    if (existsSync(this.path)) return this.path;
    const cache = cacheFolder(process.env);
    await mkdir(cache, { recursive: true });
    const folder = await mkdtemp(join(cache, `${this.name}.part-`));
    try {
      await this.fetch(folder);
      // Another test can have fetched it meanwhile: its folder stays.
      await rename(folder, dirname(this.path)).catch(() => undefined);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return this.path;
  }

  private get path(): string {
    return join(cacheFolder(process.env), this.name, this.file);
  }
}
