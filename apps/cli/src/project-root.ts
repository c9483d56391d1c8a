import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of the checkout or installed package. Contains `.env` and `.twinkey`, and ignores the current folder. */
export const projectRoot = findRoot(import.meta.dirname);

/** Searches the parent folders: the compiled file is one folder deeper than its source. */
function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}
