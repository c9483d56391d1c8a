import { constants } from 'node:os';
import { describeError } from '#libs/core/user-facing-error.js';

const SIGNALS: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The reason why the process ends: a signal or an uncaught error. */
export interface StopRequest {
  signal: NodeJS.Signals | null;
  error: unknown;
}

/** A stop was requested before everything had started; `cause` is the uncaught error, if there was one. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Waits for the first signal or uncaught error. A second signal ends the process immediately. npm forwards a Ctrl-C that
 * the terminal has also sent; this duplicate is ignored (bin/signals.cjs).
 */
export class Stop {
  readonly requested: Promise<StopRequest>;
  private readonly controller = new AbortController();

  /** @param options.exitOnSecondSignal false for workers: the supervisor handles the second signal */
  constructor({ exitOnSecondSignal = true } = {}) {
    this.requested = new Promise((resolve) => {
      const request = (reason: StopRequest) => {
        this.controller.abort();
        resolve(reason);
      };
      for (const signal of SIGNALS) {
        process.on(signal, () => {
          if (this.signal.aborted && exitOnSecondSignal) process.exit(128 + constants.signals[signal]);
          request({ signal, error: null });
        });
      }
      // Node also reports unhandled rejections here.
      process.on('uncaughtException', (error) => {
        if (this.signal.aborted) process.stderr.write(`${describeError(error)}\n`);
        else request({ signal: null, error });
      });
    });
  }

  /** Aborts when a stop is requested. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** @throws Interrupted as soon as a stop is requested */
  unlessRequested<T>(work: Promise<T>): Promise<T> {
    const interrupted = this.requested.then(({ error }) => {
      throw new Interrupted('Stopped before everything had started.', { cause: error });
    });
    return Promise.race([work, interrupted]);
  }
}
