import { createLogger, type Logger } from '#libs/observability/logger.js';

/** The logger that the applications use, at its most talkative, and what it has written. */
export interface CapturedLog {
  logger: Logger;
  /** Everything, as it would stand in a file. */
  text(): string;
  /** Line by line. @throws SyntaxError where one is not JSON */
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
