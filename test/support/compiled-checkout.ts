import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compiledSources } from './compiled-sources.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface CompiledCheckout {
  folder: string;
  close(): Promise<void>;
}

/**
 * Copies the compiled sources into a temporary folder that looks like a checkout after `npm run build`. Tests that start
 * processes use it, so that they neither depend on the real `dist` nor change it.
 * @param program source of `program.js` in that folder; it can import `#libs/…`
 */
export async function compileCheckout(program: string): Promise<CompiledCheckout> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-checkout-'));
  await cp(await compiledSources(), join(folder, 'dist'), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await writeFile(join(folder, 'program.js'), program);
  return { folder, close: () => rm(folder, { recursive: true, force: true }) };
}
