import { Logger } from '@nestjs/common';
import { errorSummary, rootCauseOf } from '#libs/observability/loggable-error.js';
import { observeRun } from './background-metrics.js';
import { type BackgroundTask, MORE } from './background-task.js';

const logger = new Logger('Background');

/** Repeats a task until it is stopped. */
export class ScheduledTask {
  private readonly stopping = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | null = null;
  private hasFailed = false;

  constructor(
    private readonly app: string,
    readonly task: BackgroundTask,
  ) {}

  start(): void {
    if (this.task.runsAtStart) void this.runNow();
    else this.schedule(this.task.intervalMs);
  }

  /** Runs the task now, unless it runs already or is stopped. @returns when the run has ended; never rejects */
  runNow(): Promise<void> {
    if (this.stopping.signal.aborted) return Promise.resolve();
    clearTimeout(this.timer);
    this.running ??= this.run().then((isMore) => {
      this.running = null;
      this.schedule(isMore ? 0 : this.task.intervalMs);
    });
    return this.running;
  }

  /** @returns when the current run has ended */
  async stop(): Promise<void> {
    this.stopping.abort();
    clearTimeout(this.timer);
    await this.running;
  }

  /** The tenth spreads the runs of replicas that have started together. */
  private schedule(intervalMs: number): void {
    if (this.stopping.signal.aborted) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.runNow(), intervalMs * (1 - Math.random() / 10)).unref();
  }

  private async run(): Promise<boolean> {
    const since = performance.now();
    let isSuccess = true;
    let isMore = false;
    try {
      isMore = (await this.task.run(this.stopping.signal)) === MORE;
      if (this.hasFailed) logger.warn({ msg: 'background task works again', ...this.fields });
      this.hasFailed = false;
    } catch (error) {
      isSuccess = false;
      this.report(error);
    }
    observeRun(this.app, this.task.name, { isSuccess, seconds: (performance.now() - since) / 1_000 });
    return isMore;
  }

  /** Only the first of several failures: a task can run every second. */
  private report(error: unknown): void {
    if (!this.hasFailed && !this.stopping.signal.aborted) {
      logger.warn({
        msg: 'background task failed; it runs again',
        ...this.fields,
        cause: errorSummary(rootCauseOf(error)),
      });
    }
    this.hasFailed = true;
  }

  private get fields() {
    return { app: this.app, task: this.task.name };
  }
}
