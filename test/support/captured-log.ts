import { createLogger, type Logger } from '#libs/observability/logger.js';

/** The applications' logger at level `trace`, and its output. */
export interface CapturedLog {
  logger: Logger;
  /** The whole output. */
  text(): string;
  /** The parsed lines. @throws SyntaxError if a line is not JSON */
  lines(): Record<string, unknown>[];
}

export async function captureLog(): Promise<CapturedLog> {
  const written: string[] = [];
  const destination = { write: (line: string) => void written.push(line) };
  const text = () => written.join('');
  return {
    logger: await createLogger({ level: 'trace', destination }),
    text,
    lines: () =>
      text()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
  };
}
