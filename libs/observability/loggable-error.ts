/** What a log shows of an error. */
export interface LoggableError {
  type: string;
  message: string;
  stack: string | undefined;
  code?: string | number;
  cause?: LoggableError;
}

const DEEPEST_CAUSE = 5;

/**
 * pino's own serializer copies every property of an error, and those of a database's hold the statement's parameters
 * and the offending row: emails and hashes. Here the fields are named one by one, and all else stays out.
 * @param error what `err` was set to; anything but an error is printed as text
 */
export function loggableError(error: unknown, depth = 0): LoggableError | string {
  if (!(error instanceof Error)) return describeThrown(error);
  const { code } = error as { code?: unknown };
  const cause = depth < DEEPEST_CAUSE && error.cause instanceof Error ? error.cause : undefined;
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause ? { cause: loggableError(cause, depth + 1) as LoggableError } : {}),
  };
}

/** What an error comes from in the end: `fetch failed` and the like say nothing by themselves. */
export function rootCauseOf(error: unknown): unknown {
  let root = error;
  for (let depth = 0; depth < DEEPEST_CAUSE; depth++) {
    if (!(root instanceof Error && root.cause instanceof Error)) break;
    root = root.cause;
  }
  return root;
}

/** One line for an error that is expected: its message, or its code where it has none (an `AggregateError`). */
export function errorSummary(error: unknown): string {
  if (!(error instanceof Error)) return describeThrown(error);
  return error.message || String((error as { code?: unknown }).code ?? error.name);
}

/** Of a value that somebody threw. An object's members may be anything: only its kind is told. */
export function describeThrown(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? Object.prototype.toString.call(value)
    : String(value).slice(0, 200);
}
