import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The checkout, or wherever the package is installed: where `.env` and `.twinkey` are, whatever the current folder. */
export const projectRoot = findRoot(import.meta.dirname);

/** Compiled, this file lies one folder deeper than its source. */
function findRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}
