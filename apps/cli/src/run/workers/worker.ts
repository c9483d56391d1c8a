import { AggregatorRegistry } from 'prom-client';
import { describeError } from '#libs/core/user-facing-error.js';
import { Drain } from '#libs/http/application/drain.js';
import { setMetricsSource } from '#libs/observability/metrics.js';
import { DisposableStack } from '../disposable-stack.js';
import { beginShutdown } from '../shutdown.js';
import { open } from '../start.js';
import { Interrupted, Stop } from '../stop.js';
import { type FromWorker, isToWorker, type Order } from './messages.js';

/** One of several processes behind the same ports; what it serves, the supervisor tells it. */
export async function runWorker(): Promise<void> {
  // A Ctrl-C at the terminal reaches every process, and the supervisor says it once more.
  const stop = new Stop({ insistent: false });
  const closers = new DisposableStack();
  const drain = new Drain();
  try {
    const { apps, env, workers } = await receiveOrder();
    shareMetrics();
    const running = await stop.unlessRequested(open(apps, env, { closers, drain, workers }));
    tell({ twinkey: 'ready', addresses: running.addresses });
    await beginShutdown(running, await stop.requested, drain);
  } catch (error) {
    if (!(error instanceof Interrupted)) tell({ twinkey: 'failed', reason: describeError(error) });
    process.exitCode = 1;
  }
  await closers.close();
  process.stdout.write('', () => process.exit());
}

function tell(message: FromWorker): void {
  process.send?.(message);
}

function receiveOrder(): Promise<Order> {
  return new Promise((resolve) => {
    process.on('message', (message: unknown) => {
      if (isToWorker(message) && message.twinkey === 'order') resolve(message.order);
    });
    tell({ twinkey: 'hello' });
  });
}

/** A scrape reaches one of the processes, and has to tell of all. */
function shareMetrics(): void {
  // Answers the supervisor when it asks for this process' own.
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
      tell({ twinkey: 'scrape', id });
    });
    if (text === null) throw new Error('The metrics of the other processes cannot be had.');
    return text;
  });
}
