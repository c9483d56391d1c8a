import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder for the compiled sources, see `compiledSources`. */
    compiledFolder: string;
  }
}

/** The sources are compiled at most once in a run, and again for each run of the watch mode. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-compiled-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  project.provide('compiledFolder', folder);
  project.onTestsRerun(remove);
  return remove;
}
