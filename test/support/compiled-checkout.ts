import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface CompiledCheckout {
  folder: string;
  close(): Promise<void>;
}

/**
 * The libraries (and Keycloak's starter) compiled into a folder of its own, as a checkout after `npm run build`, for tests that need processes
 * of their own and must not depend on (or disturb) the real `dist`.
 * @param program a module that is written there as `program.js`; it imports `#libs/…`
 */
export async function compileCheckout(program: string): Promise<CompiledCheckout> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-checkout-'));
  await run(
    join(ROOT, 'node_modules', '.bin', 'swc'),
    ['libs', 'migrations', 'keycloak', '--copy-files', '-d', join(folder, 'dist')],
    {
      cwd: ROOT,
    },
  );
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  await writeFile(join(folder, 'program.js'), program);
  return { folder, close: () => rm(folder, { recursive: true, force: true }) };
}
