import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, pino } from 'pino';
import { loggableError } from './loggable-error.js';

export type { Logger } from 'pino';

/** Redacted in the first three levels of a logged object. */
const SECRETS = [
  'password',
  'current_password',
  'new_password',
  'password_hash',
  'token',
  'authorization',
  'client_secret',
  'clientSecret',
  'secret',
];

/** pino passes only the value. */
const loggableErrorOf = (error: unknown) => loggableError(error);

/**
 * Creates a logger. It writes one JSON line per event, with control characters escaped.
 * @param options.pretty writes readable lines instead; needs the development dependency pino-pretty
 */
export async function createLogger(options: {
  level: string;
  pretty?: boolean;
  destination?: DestinationStream;
}): Promise<Logger> {
  const settings = {
    level: options.level,
    base: undefined,
    timestamp,
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    serializers: { err: loggableErrorOf, error: loggableErrorOf },
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (options.destination) return pino(settings, options.destination);
  if (!options.pretty) return pino(settings, standardOutput());
  const { default: pretty } = await import('pino-pretty');
  return pino(settings, pretty({ translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname', sync: true }));
}

let lastTime = 0;
let lastText = '';

/** The field `time` in ISO 8601. Busy processes write many lines within the same millisecond. */
function timestamp(): string {
  const now = Date.now();
  if (now !== lastTime) {
    lastTime = now;
    lastText = `,"time":"${new Date(now).toISOString()}"`;
  }
  return lastText;
}

/** How long a line may wait for others (ms), so that a busy process writes some hundred times a second at most. */
const GATHER_MS = 5;

/** Lines leave together, every few milliseconds, at the end of the process, and at once where one is fatal. */
function standardOutput(): DestinationStream & { flushSync(): void } {
  const output = pino.destination({ dest: 1, sync: true });
  let lines = '';
  const flushSync = () => {
    if (lines !== '') output.write(lines);
    lines = '';
  };
  process.once('exit', flushSync);
  return {
    flushSync,
    write(line) {
      if (lines === '') setTimeout(flushSync, GATHER_MS).unref();
      lines += line;
    },
  };
}

/** Nest's own log calls, written through pino. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    // At startup, Nest logs every module and route.
    this.write('debug', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  private write(
    level: 'trace' | 'debug' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = rest.at(-1);
    const fields = {
      context: typeof context === 'string' ? context : undefined,
      ...(message instanceof Error ? { err: message } : typeof message === 'object' ? message : {}),
    };
    this.logger[level](fields, typeof message === 'string' ? message : undefined);
  }
}
