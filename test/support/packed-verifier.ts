import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { KEYCLOAK_OPTIONS, keycloakKey, NATIVE_OPTIONS, nativeKey } from './token-fixtures.js';
import type { VerifierUnderTest } from './verifiers-under-test.js';

const PROGRAM = fileURLToPath(new URL('packed-verifier.mjs', import.meta.url));

/** @param folder where the package is installed */
export async function startPackedVerifier(folder: string): Promise<VerifierUnderTest> {
  const require = createRequire(join(folder, 'package.json'));
  const settings = {
    entry: pathToFileURL(require.resolve('@twinkey/verify')),
    native: { ...NATIVE_OPTIONS, keys: [nativeKey] },
    keycloak: { ...KEYCLOAK_OPTIONS, keys: [keycloakKey] },
  };
  // A KeyObject has no JSON: the program makes it from the PEM.
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(settings)], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();

  const ask = async (token: string) => {
    child.stdin.write(`${JSON.stringify({ now: Date.now(), token })}\n`);
    const { value, done } = await answers.next();
    if (done) throw new Error('The process of the verifier has ended.');
    const { principal, code, name, text } = JSON.parse(value);
    if (principal) return principal;
    for (const part of token.split('.').filter((part) => part.length > 20)) {
      if (text.includes(part)) throw new Error('The text of the error contains a part of the token.');
    }
    throw Object.assign(new Error(text), { code, name });
  };

  return {
    // One at a time, because the answers are in the order of the questions.
    verify: (token) => {
      const answer = last.then(() => ask(token));
      last = answer.catch(() => {});
      return answer;
    },
    close: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
