import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findPython } from './python.js';

const run = promisify(execFile);

/** A Python that has PyJWT, or null. */
export const findPyJwt = (): Promise<string | null> =>
  findPython('jwt, cryptography', 'the tests with PyJWT');

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
