import { resolve } from 'node:path';

/** The checkout's folder, independent of the working directory. */
export const root = resolve(import.meta.dirname, '../..');

/** Locks and unfinished builds: local to the checkout, not in git, always safe to delete. */
export const scratch = resolve(root, '.build');
