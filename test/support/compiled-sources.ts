import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const SOURCES = ['apps', 'libs', 'migrations', 'keycloak'];
export const IGNORED = '**/*.spec.ts,libs/verify/dist/**';

/**
 * Compiles the sources as `npm run build` does, at the first call in a run.
 * @returns the folder of the output; copy it, other files use it too
 */
export async function compiledSources(): Promise<string> {
  const folder = inject('compiledFolder');
  const compiled = join(folder, 'dist');
  if (await stat(compiled).catch(() => null)) return compiled;
  await mkdir(folder, { recursive: true });
  const staged = join(await mkdtemp(join(folder, 'staged-')), 'dist');
  const options = ['--copy-files', '--ignore', IGNORED, '--quiet', '--out-dir', staged];
  await run(join(ROOT, 'node_modules/.bin/swc'), [...SOURCES, ...options], { cwd: ROOT });
  await rename(staged, compiled).catch((error: NodeJS.ErrnoException) => {
    // Another worker was faster.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  return compiled;
}
