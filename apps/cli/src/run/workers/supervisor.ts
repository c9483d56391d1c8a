import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';
import { UserFacingError } from '#libs/core/user-facing-error.js';
import type { RunningApp } from '#libs/http/application/running-app.js';
import type { Logger } from '#libs/observability/logger.js';
import { isFromWorker, type ToWorker, type WorkerTask } from './messages.js';

/** Delays before a replacement (ms): each one is twice the previous, up to `last`. */
const BACK_OFF = { first: 500, last: 30_000 };
/** After this uptime (ms), the delay starts again with `first`. */
const STABLE_AFTER = 60_000;

type Addresses = RunningApp['addresses'];

/**
 * Keeps a number of worker processes running that share the ports (node:cluster). Replaces a worker that dies, with
 * back-off. The workers end when this process ends, even if it is killed.
 */
export class Supervisor {
  private readonly metrics = new AggregatorRegistry();
  private readonly timers = new Set<NodeJS.Timeout>();
  /** Deaths in a row. */
  private deaths = 0;
  private isStopping = false;

  constructor(
    private readonly task: WorkerTask,
    private readonly logger: Logger,
  ) {}

  /** Starts the first worker before the others, so that a port in use is reported once. @throws UserFacingError */
  async start(): Promise<Addresses> {
    const first = await this.fork();
    const others = await Promise.all(Array.from({ length: this.task.workers - 1 }, () => this.fork()));
    for (const { worker } of [first, ...others]) this.watch(worker, performance.now());
    return first.addresses;
  }

  /** Waits until every worker has drained and ended. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.all(
      this.workers().map((worker) => {
        const ended = new Promise((resolve) => worker.once('exit', resolve));
        worker.process.kill('SIGTERM');
        return ended;
      }),
    );
  }

  private workers(): Worker[] {
    return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  }

  /** Resolves when the worker serves requests. */
  private fork(): Promise<{ worker: Worker; addresses: Addresses }> {
    const worker = cluster.fork();
    return new Promise((resolve, reject) => {
      worker.once('exit', () => reject(new UserFacingError('A worker process ended before it was ready.')));
      worker.on('message', (message: unknown) => {
        if (!isFromWorker(message)) return;
        if (message.twinkey === 'hello') send(worker, { twinkey: 'task', task: this.task });
        else if (message.twinkey === 'ready') resolve({ worker, addresses: message.addresses });
        else if (message.twinkey === 'failed') reject(new UserFacingError(message.reason));
        else if (message.twinkey === 'scrape') void this.answerScrape(worker, message.id);
      });
    });
  }

  private watch(worker: Worker, since: number): void {
    if (worker.isDead()) this.replace('died', since);
    else worker.once('exit', (code, signal) => this.replace(signal ?? `exit code ${code}`, since));
  }

  /** @param since the time when the dead worker was ready */
  private replace(reason: string, since: number): void {
    if (this.isStopping) return;
    if (performance.now() - since > STABLE_AFTER) this.deaths = 0;
    const delay = Math.min(BACK_OFF.first * 2 ** this.deaths, BACK_OFF.last);
    this.deaths += 1;
    this.logger.error({ reason, delay_ms: delay }, 'a worker process died, and is replaced');
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      this.fork().then(
        ({ worker }) => {
          this.logger.info({ pid: worker.process.pid }, 'a worker process serves in its place');
          this.watch(worker, performance.now());
        },
        (error: Error) => this.replace(error.message, performance.now()),
      );
    }, delay);
    this.timers.add(timer);
  }

  private async answerScrape(worker: Worker, id: number): Promise<void> {
    const text = await this.metrics.clusterMetrics().catch(() => null);
    send(worker, { twinkey: 'scraped', id, text });
  }
}

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message);
}
