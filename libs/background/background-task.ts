/** `BackgroundTask.run` returns it to run again immediately, because work is left. */
export const MORE = Symbol('more work');

/**
 * Work that the application does by itself, again and again. Every replica runs every task: work that must not be done
 * twice is claimed in Postgres (`FOR UPDATE SKIP LOCKED`, an advisory lock of a transaction, or a row).
 */
export interface BackgroundTask {
  /** Unique in the application: the label `task` of the metrics. */
  name: string;
  /** The pause between the end of a run and the start of the next one, in milliseconds, less up to a tenth. */
  intervalMs: number;
  /** Also runs once when the application has started. Default false. */
  runsAtStart?: boolean;
  /** Runs until all requests have ended. Default: no run starts after the shutdown has begun. */
  runsWhileDraining?: boolean;
  /**
   * One run. Runs of one task never overlap in one process. An error is logged and counted, and the next run follows.
   * @param signal aborts when the application shuts down: finish what is begun, start nothing new
   * @returns `MORE`, or anything else
   */
  run(signal: AbortSignal): Promise<unknown>;
}
