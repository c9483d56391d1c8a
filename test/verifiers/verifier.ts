import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-ports.js';

/** What an example is told of the issuer that it trusts. */
export interface VerifierSettings {
  issuer: string;
  audience: string;
  jwksUrl: string;
  /** The header's `typ` of its access tokens. */
  typ: string;
}

/** An example of docs/verifying-tokens.md that runs. */
export interface StartedVerifier {
  /** The subject, or null where the token is refused. */
  verify(token: string): Promise<string | null>;
  close(): Promise<void>;
}

export interface Command {
  program: string;
  args: string[];
  cwd: string;
}

/** How long a server may take to answer (ms): some start a JVM on a busy machine. */
const START_TIMEOUT = 120_000;

export const environmentOf = ({ issuer, audience, jwksUrl, typ }: VerifierSettings) => ({
  ISSUER: issuer,
  AUDIENCE: audience,
  JWKS_URL: jwksUrl,
  TOKEN_TYPE: typ,
});

/** A program that reads a token, prints its subject, and fails where it refuses the token. */
export function programVerifier(
  { program, args, cwd }: Command,
  env: Record<string, string>,
): StartedVerifier {
  return {
    verify: async (token) => {
      const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
      child.stdin.on('error', () => {});
      child.stdin.end(token);
      let output = '';
      child.stdout.on('data', (text) => (output += text));
      child.stderr.resume();
      const [code] = (await once(child, 'close')) as [number | null];
      return code === 0 ? output.trim() : null;
    },
    close: async () => undefined,
  };
}

/** A server that answers `GET /` with the subject of the bearer token. */
export async function serverVerifier(
  { program, args, cwd }: Command,
  env: Record<string, string>,
): Promise<StartedVerifier> {
  const port = String(await freePort());
  const variables = { ...process.env, ...env, PORT: port, SERVER_PORT: port, SERVER_ADDRESS: '127.0.0.1' };
  const child = spawn(program, args, { cwd, env: variables, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const closed = once(child, 'close');
  const close = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  const url = `http://127.0.0.1:${port}/`;
  const deadline = performance.now() + START_TIMEOUT;
  while (!(await fetch(url).catch(() => null))) {
    if (child.exitCode === null && performance.now() < deadline) await delay(50);
    else {
      await close();
      throw new Error(`The server does not answer: ${output}`);
    }
  }
  return { verify: (token) => askServer(url, token), close };
}

/** @throws Error where the answer is neither the subject nor a refusal */
export async function askServer(url: string, token: string): Promise<string | null> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return text;
}
