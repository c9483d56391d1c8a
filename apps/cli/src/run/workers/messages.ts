import type { Environment } from '#libs/config/environment.js';
import type { RunningApp } from '#libs/http/application/running-app.js';
import type { ChosenApps } from '../../chosen-apps.js';

/** What a worker is told. The environment goes this way, and not as variables that `ps` shows. */
export interface Order {
  apps: ChosenApps;
  env: Environment;
  /** How many they are. */
  workers: number;
}

export type FromWorker =
  | { twinkey: 'hello' }
  | { twinkey: 'ready'; addresses: RunningApp['addresses'] }
  /** It could not start; why, in one line. */
  | { twinkey: 'failed'; reason: string }
  | { twinkey: 'scrape'; id: number };

export type ToWorker =
  | { twinkey: 'order'; order: Order }
  /** Null where the others' metrics could not be had. */
  | { twinkey: 'scraped'; id: number; text: string | null };

/** Ours, among the messages that prom-client and others send over the same channel. */
export const isFromWorker = (message: unknown): message is FromWorker => isOurs(message);
export const isToWorker = (message: unknown): message is ToWorker => isOurs(message);

const isOurs = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'twinkey' in message;
