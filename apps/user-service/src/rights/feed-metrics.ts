import { Counter, Gauge } from 'prom-client';

/** `event`: connected, snapshot, change, ignored (an older change), lost. */
export const feedReaderEvents = new Counter({
  name: 'twinkey_authority_feed_reader_events_total',
  help: "What user-service's reader of the authority feed has met, by event.",
  labelNames: ['event'] as const,
});

interface WatchedAuthority {
  /** Infinity before the first snapshot. */
  readonly ageSeconds: number;
  readonly endedEntries: number;
}

/** The readers of this process. */
export const watchedAuthorities = new Set<WatchedAuthority>();

new Gauge({
  name: 'twinkey_authority_feed_reader_age_seconds',
  help: 'Time since the authority feed sent something to user-service. It sends a comment every 15 seconds.',
  aggregator: 'max',
  collect() {
    const ages = [...watchedAuthorities].map(({ ageSeconds }) => ageSeconds).filter(Number.isFinite);
    if (ages.length > 0) this.set(Math.max(...ages));
    else this.reset();
  },
});

new Gauge({
  name: 'twinkey_authority_feed_reader_entries',
  help: 'Ended sessions, subjects and keys that user-service knows from the authority feed.',
  aggregator: 'max',
  collect() {
    this.set(Math.max(0, ...[...watchedAuthorities].map(({ endedEntries }) => endedEntries)));
  },
});
