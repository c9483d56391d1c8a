import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The Python environment that `.ci/run` creates. */
const VENV = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'twinkey/python/bin');

/** The path of schemathesis, or null. With `REQUIRE_PYTHON=1` the tests run in any case, and fail without it. */
export async function findSchemathesis(): Promise<string | null> {
  for (const program of ['schemathesis', join(VENV, 'schemathesis')]) {
    const works = await promisify(execFile)(program, ['--version']).then(
      () => true,
      () => false,
    );
    if (works) return program;
  }
  if (process.env['REQUIRE_PYTHON'] === '1') return 'schemathesis';
  const rule = '='.repeat(100);
  process.stderr.write(
    `\n${rule}\nSKIPPED: schemathesis did not run, because it is not installed.\n` +
      `To run it: pip install -r .ci/requirements.txt.\n${rule}\n`,
  );
  return null;
}

const CONFIG = fileURLToPath(new URL('schemathesis.toml', import.meta.url));

/** A few examples of each operation, always the same. Response times are not checked, since other tests run in parallel. */
const SHORT = ['--seed', '1', '--max-examples', '4', '--no-shrink'];

export interface Campaign {
  /** The app's address, which serves `/openapi.json`. */
  url: string;
  token: string | null;
  /** Ids of operations that would end the campaign's own session. */
  except: readonly string[];
  /** Phases of schemathesis in a short run. */
  phases: string;
  /** Duration of the run; null: a few examples of each operation. */
  seconds: number | null;
}

/** Runs schemathesis on every operation of an app's document, with all checks. */
export async function runSchemathesis(
  program: string,
  { url, token, except, phases, seconds }: Campaign,
): Promise<{ code: number | null; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'twinkey-fuzz-'));
  const args = [
    ...['--config-file', CONFIG, 'run', `${url}/openapi.json`, '--no-color', '--warnings', 'off'],
    ...['--checks', 'all', '--continue-on-failure'],
    ...['--generation-database', 'none', '--suppress-health-check', 'all'],
    ...(seconds === null
      ? [...SHORT, '--phases', phases]
      : ['--max-response-time', '1', '--max-time', String(seconds)]),
    ...(token === null ? [] : ['--header', `Authorization: Bearer ${token}`]),
    ...except.flatMap((id) => ['--exclude-operation-id', id]),
  ];
  try {
    // Hypothesis writes into its working directory.
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { code, output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
