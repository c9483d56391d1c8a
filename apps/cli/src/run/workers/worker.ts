import { AggregatorRegistry } from 'prom-client';
import { describeError } from '#libs/core/user-facing-error.js';
import { Drain } from '#libs/http/application/drain.js';
import { setMetricsSource } from '#libs/observability/metrics.js';
import { projectRoot } from '../../project-root.js';
import { DisposableStack } from '../disposable-stack.js';
import { beginShutdown } from '../shutdown.js';
import { open } from '../start.js';
import { Interrupted, Stop } from '../stop.js';
import { type FromWorker, isToWorker, type WorkerTask } from './messages.js';

/** One of several processes that share the ports. The supervisor sends the apps and their settings. */
export async function runWorker(): Promise<void> {
  // A Ctrl-C in the terminal reaches every process, and the supervisor sends a second signal.
  const stop = new Stop({ exitOnSecondSignal: false });
  const closers = new DisposableStack();
  const drain = new Drain();
  try {
    const { apps, env, workers } = await receiveTask();
    shareMetrics();
    const running = await stop.unlessRequested(
      open(apps, env, { root: projectRoot, closers, drain, workers }),
    );
    send({ twinkey: 'ready', addresses: running.addresses });
    await beginShutdown(running, await stop.requested, drain);
  } catch (error) {
    if (!(error instanceof Interrupted)) send({ twinkey: 'failed', reason: describeError(error) });
    process.exitCode = 1;
  }
  await closers.close();
  process.stdout.write('', () => process.exit());
}

function send(message: FromWorker): void {
  process.send?.(message);
}

function receiveTask(): Promise<WorkerTask> {
  return new Promise((resolve) => {
    process.on('message', (message: unknown) => {
      if (isToWorker(message) && message.twinkey === 'task') resolve(message.task);
    });
    send({ twinkey: 'hello' });
  });
}

/** A scrape reaches only one worker, so that worker requests the metrics of all of them from the supervisor. */
function shareMetrics(): void {
  // Responds when the supervisor requests the metrics of this process.
  new AggregatorRegistry();
  const waiting = new Map<number, (text: string | null) => void>();
  let count = 0;
  process.on('message', (message: unknown) => {
    if (!isToWorker(message) || message.twinkey !== 'scraped') return;
    waiting.get(message.id)?.(message.text);
    waiting.delete(message.id);
  });
  setMetricsSource(async () => {
    const id = count++;
    const text = await new Promise<string | null>((resolve) => {
      waiting.set(id, resolve);
      send({ twinkey: 'scrape', id });
    });
    if (text === null) throw new Error('The metrics of the other processes are not available.');
    return text;
  });
}
