import { Counter, Gauge } from 'prom-client';
import { MAIL_KIND_NAMES } from './mail-kinds.js';

export type MailOutcome = 'queued' | 'limited' | 'discarded' | 'sent' | 'deferred' | 'refused' | 'given_up';

const mails = new Counter({
  name: 'twinkey_mails_total',
  help: 'Mails by kind and outcome: queued, limited (too many for the address), discarded; then sent, deferred (one failed attempt), refused, given_up.',
  labelNames: ['kind', 'outcome'] as const,
});

const queued = new Gauge({
  name: 'twinkey_mails_queued',
  help: 'Mails that wait in the outbox.',
});

const oldest = new Gauge({
  name: 'twinkey_mails_oldest_seconds',
  help: 'How long the oldest mail waits in the outbox; 0 if it is empty.',
});

export const countMail = (kind: string, outcome: MailOutcome): void => mails.inc({ kind, outcome });

/** `increase()` of Prometheus does not see the first mail of a counter that does not exist before. */
export function showNoneGivenUp(): void {
  for (const kind of MAIL_KIND_NAMES) mails.inc({ kind, outcome: 'given_up' }, 0);
}

export function showQueue(count: number, oldestSeconds: number): void {
  queued.set(count);
  oldest.set(oldestSeconds);
}
