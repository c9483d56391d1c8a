import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UserFacingError } from '#libs/core/user-facing-error.js';

/**
 * Reads a new password: in a terminal twice and hidden, otherwise from the first line of standard input. Only the line
 * break and a byte order mark, which PowerShell writes, are removed.
 * @throws UserFacingError if there is no password, or the two differ
 */
export async function readNewPassword(email: string): Promise<string> {
  if (!process.stdin.isTTY) return firstLine(process.stdin);
  const password = await askHidden(`Password for ${email}: `);
  if ((await askHidden('Repeat the password: ')) !== password)
    throw new UserFacingError('The two passwords differ.');
  return password;
}

async function firstLine(input: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) {
    chunks.push(chunk);
    if (chunk.includes('\n')) break;
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) throw new UserFacingError('There is no password on standard input.');
  return decode(bytes).split(/\r?\n/, 1)[0] ?? '';
}

/** Replacing invalid UTF-8 would set a different password. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UserFacingError('The password on standard input is not UTF-8.');
  }
}

/** The input is hidden, because readline writes its output to a stream that discards it. */
function askHidden(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    // Ctrl-C or Ctrl-D; has no effect after an answer.
    lines.once('close', () => {
      process.stderr.write('\n');
      reject(new UserFacingError('No password was given.'));
    });
  });
}
