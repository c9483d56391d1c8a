/** An error that the user at the terminal can fix. Its message is one line and says how. */
export class UserFacingError extends Error {
  override readonly name = 'UserFacingError';
}

/** Errors that only a bug throws: the message alone does not help, so the first stack frame is added. */
const DEFECTS = [TypeError, RangeError, ReferenceError, SyntaxError];

/** Prints the error on standard error, in one line (settings errors: one line per fault), and sets exit code 1. */
export function printError(error: unknown): void {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}

export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  if (error.name === 'SettingsError') return error.message;
  const frame = DEFECTS.some((kind) => error instanceof kind) ? firstFrame(error) : '';
  return oneLine(`${errorMessage(error)}${frame}`);
}

/** If a connection fails on every address of a host name, the error has a code but no message. */
export function errorMessage(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string };
  return message || code || String(error);
}

const oneLine = (text: string) => text.trim().replaceAll(/\s*[\r\n]+\s*/g, ' ');

function firstFrame({ name, stack }: Error): string {
  const frame = /^\s+at .*$/m.exec(stack ?? '')?.[0].trim();
  return ` (${name}${frame ? ` ${frame}` : ''}: please report this)`;
}
