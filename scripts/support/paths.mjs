import { resolve } from 'node:path';

/** The checkout's folder, wherever the command was called from. */
export const root = resolve(import.meta.dirname, '../..');

/** Locks and half-made builds: local to the checkout, not in git, always safe to delete. */
export const scratch = resolve(root, '.build');
