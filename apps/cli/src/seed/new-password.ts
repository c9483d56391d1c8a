import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { UserFacingError } from '#libs/core/user-facing-error.js';

/**
 * A new password: asked for twice without being shown where a person sits at the terminal, else the first line of
 * standard input. Nothing of it is cut off but the line's end and a byte order mark, which PowerShell writes.
 * @throws Failure where there is none, or the two differ
 */
export async function readNewPassword(email: string): Promise<string> {
  if (!process.stdin.isTTY) return firstLine(process.stdin);
  const password = await askHidden(`Password for ${email}: `);
  if ((await askHidden('The same again: ')) !== password) throw new UserFacingError('The two passwords differ.');
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

/** Replacing what is not UTF-8 would set another password than the one that was meant. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UserFacingError('The password on standard input is not UTF-8.');
  }
}

/** The terminal echoes nothing while readline writes to nowhere. */
function askHidden(question: string): Promise<string> {
  process.stderr.write(question);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  return new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      resolve(line);
      lines.close();
    });
    // Ctrl-C and Ctrl-D; after an answer it changes nothing any more.
    lines.once('close', () => {
      process.stderr.write('\n');
      reject(new UserFacingError('No password was given.'));
    });
  });
}
