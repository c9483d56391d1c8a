import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where `.ci/run` puts Python's packages. */
const VENV = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'twinkey',
  'python',
  'bin',
  'python',
);

/**
 * A Python that can import these modules, or null. `REQUIRE_PYTHON=1`: it is there, or what needs it fails.
 * @param modules `jwt, cryptography`
 * @param tests what does not run without it, for the message
 */
export async function findPython(modules: string, tests: string): Promise<string | null> {
  for (const python of ['python3', ...(existsSync(VENV) ? [VENV] : [])]) {
    const works = await run(python, ['-c', `import ${modules}`]).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  if (process.env['REQUIRE_PYTHON'] === '1') return 'python3';
  const rule = '='.repeat(100);
  process.stderr.write(
    `\n${rule}\nLEFT OUT: ${tests} did not run, for lack of what they need.\n` +
      `To get them: pip install -r .ci/requirements.txt.\n${rule}\n`,
  );
  return null;
}
