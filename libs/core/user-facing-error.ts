/** Something that the person at the terminal can put right: its message is one line for them. */
export class UserFacingError extends Error {
  override readonly name = 'Failure';
}

/** Errors that only a defect of ours throws: their message alone would help nobody. */
const DEFECTS = [TypeError, RangeError, ReferenceError, SyntaxError];

/** Prints what went wrong on standard error, one line (settings: a line for each fault), and sets exit code 1. */
export function printError(error: unknown): void {
  process.stderr.write(`${errorText(error)}\n`);
  process.exitCode = 1;
}

export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  if (error.name === 'SettingsError') return error.message;
  const place = DEFECTS.some((kind) => error instanceof kind) ? firstFrame(error) : '';
  return oneLine(`${messageOf(error)}${place}`);
}

/** A connection that is refused on every address of a name has no message, only a code. */
export function messageOf(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}

const oneLine = (text: string) => text.trim().replaceAll(/\s*[\r\n]+\s*/g, ' ');

function firstFrame({ name, stack }: Error): string {
  const frame = /^\s+at .*$/m.exec(stack ?? '')?.[0].trim();
  return ` (${name}${frame ? ` ${frame}` : ''}: please report this)`;
}
