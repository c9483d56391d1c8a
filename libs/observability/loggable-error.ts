/** An error as it is logged. */
export interface LoggableError {
  type: string;
  message: string;
  stack: string | undefined;
  code?: string | number;
  cause?: LoggableError;
}

const MAX_CAUSES = 5;

/**
 * Serializes an error for the log. pino's own serializer copies every property; those of a database error contain the
 * parameters of the query and the row, with email addresses and hashes. Only the fields named here are logged.
 * @param error the value of `err`; if it is not an error, it is logged as text
 */
export function loggableError(error: unknown, depth = 0): LoggableError | string {
  if (!(error instanceof Error)) return describeThrown(error);
  const { code } = error as { code?: unknown };
  const cause = depth < MAX_CAUSES && error.cause instanceof Error ? error.cause : undefined;
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(cause ? { cause: loggableError(cause, depth + 1) as LoggableError } : {}),
  };
}

/** Follows `cause` to the first error: messages such as `fetch failed` do not say what is wrong. */
export function rootCauseOf(error: unknown): unknown {
  let root = error;
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    if (!(root instanceof Error && root.cause instanceof Error)) break;
    root = root.cause;
  }
  return root;
}

/** Returns the message of an error, or its code if it has no message (`AggregateError`). */
export function errorSummary(error: unknown): string {
  if (!(error instanceof Error)) return describeThrown(error);
  return error.message || String((error as { code?: unknown }).code ?? error.name);
}

/** Describes a thrown value that is not an error. Of an object only the type, because its members can be secret. */
export function describeThrown(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? Object.prototype.toString.call(value)
    : String(value).slice(0, 200);
}
