import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The Python environment that `.ci/run` creates. */
const VENV = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'twinkey',
  'python',
  'bin',
  'python',
);

/** A Python with PyJWT, or null. With `REQUIRE_PYTHON=1` the tests run in any case, and fail without it. */
export async function findPyJwt(): Promise<string | null> {
  for (const python of ['python3', ...(existsSync(VENV) ? [VENV] : [])]) {
    const works = await run(python, ['-c', 'import jwt, cryptography']).then(
      () => true,
      () => false,
    );
    if (works) return python;
  }
  if (process.env['REQUIRE_PYTHON'] === '1') return 'python3';
  const rule = '='.repeat(100);
  process.stderr.write(
    `\n${rule}\nSKIPPED: the tests with PyJWT did not run, because PyJWT is not installed.\n` +
      `To run them: pip install -r .ci/requirements.txt.\n${rule}\n`,
  );
  return null;
}

const PROGRAM = `
import json, sys, jwt
given = json.load(sys.stdin)
key = jwt.PyJWKClient(given["url"]).get_signing_key_from_jwt(given["token"])
claims = jwt.decode(given["token"], key, algorithms=["RS256"], audience=given["audience"], issuer=given["issuer"])
json.dump(claims, sys.stdout)
`;

/**
 * Verifies a token with PyJWT, whose client fetches the key set at `url`.
 * @returns the claims
 * @throws Error with Python's output if PyJWT rejects the token
 */
export async function verifyWithPyJwt(
  python: string,
  given: { url: string; token: string; issuer: string; audience: string },
): Promise<Record<string, unknown>> {
  const running = run(python, ['-c', PROGRAM]);
  running.child.stdin?.end(JSON.stringify(given));
  return JSON.parse((await running).stdout);
}
