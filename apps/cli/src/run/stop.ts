import { constants } from 'node:os';
import { describeError } from '#libs/core/user-facing-error.js';

const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Why a process ends: a signal, or an error that nobody caught. */
export interface StopRequest {
  signal: NodeJS.Signals | null;
  error: unknown;
}

/** A stop was asked for before everything had started; `cause` is the error that nobody caught, if it was one. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Waits for the first signal, or the first error that nobody caught. A second signal ends the process at once; that npm
 * passes on a Ctrl-C which the terminal has sent us as well does not count as one (bin/signals.cjs).
 */
export class Stop {
  readonly requested: Promise<StopRequest>;
  private readonly controller = new AbortController();

  /** @param options.insistent false: only the first signal counts, since whoever supervises this process insists for it */
  constructor({ insistent = true } = {}) {
    this.requested = new Promise((resolve) => {
      const ask = (request: StopRequest) => {
        this.controller.abort();
        resolve(request);
      };
      for (const signal of SIGNALS) {
        process.on(signal, () => {
          if (this.signal.aborted && insistent) process.exit(128 + constants.signals[signal]);
          ask({ signal, error: null });
        });
      }
      // Unhandled rejections come here as well, since Node throws them.
      process.on('uncaughtException', (error) => {
        if (this.signal.aborted) process.stderr.write(`${describeError(error)}\n`);
        else ask({ signal: null, error });
      });
    });
  }

  /** For what can be told to give up. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** @throws Interrupted as soon as a stop is asked for */
  unlessRequested<T>(work: Promise<T>): Promise<T> {
    const interrupted = this.requested.then(({ error }) => {
      throw new Interrupted('Stopped before everything had started.', { cause: error });
    });
    return Promise.race([work, interrupted]);
  }
}
