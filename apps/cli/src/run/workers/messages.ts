import type { Environment } from '#libs/config/environment.js';
import type { RunningApp } from '#libs/http/application/running-app.js';
import type { ChosenApps } from '../../chosen-apps.js';

/** What a worker runs. Sent as a message, because `ps` shows environment variables. */
export interface WorkerTask {
  apps: ChosenApps;
  env: Environment;
  /** The number of workers. */
  workers: number;
}

export type FromWorker =
  | { twinkey: 'hello' }
  | { twinkey: 'ready'; addresses: RunningApp['addresses'] }
  /** The worker could not start; the reason has one line. */
  | { twinkey: 'failed'; reason: string }
  | { twinkey: 'scrape'; id: number };

export type ToWorker =
  | { twinkey: 'task'; task: WorkerTask }
  /** null if the metrics of the other workers are not available. */
  | { twinkey: 'scraped'; id: number; text: string | null };

/** prom-client and other libraries send messages over the same channel. */
export const isFromWorker = (message: unknown): message is FromWorker => hasMessageType(message);
export const isToWorker = (message: unknown): message is ToWorker => hasMessageType(message);

const hasMessageType = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'twinkey' in message;
