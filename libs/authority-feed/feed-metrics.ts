import { Counter, Gauge } from 'prom-client';

export const feedEvents = new Counter({
  name: 'twinkey_authority_feed_events_total',
  help: 'Events of the authority feed, by application and event: snapshot (also for JSON), change.',
  labelNames: ['app', 'event'] as const,
});

export const feedsCutOff = new Counter({
  name: 'twinkey_authority_feed_cut_off_total',
  help: 'Readers of the authority feed that were disconnected because they read too slowly, by application.',
  labelNames: ['app'] as const,
});

/** What the metrics need of a publisher. */
interface WatchedFeed {
  readonly app: string;
  readonly readers: number;
  readonly entries: number;
  /** Infinity before the first read. */
  readonly ageSeconds: number;
}

/** The feeds of this process. */
export const watchedFeeds = new Set<WatchedFeed>();

const gauge = (name: string, help: string, read: (feed: WatchedFeed) => number) =>
  new Gauge({
    name,
    help,
    labelNames: ['app'] as const,
    collect() {
      this.reset();
      for (const feed of watchedFeeds) {
        const value = read(feed);
        if (Number.isFinite(value)) this.inc({ app: feed.app }, value);
      }
    },
  });

gauge('twinkey_authority_feed_readers', 'Open authority feeds, by application.', ({ readers }) => readers);
gauge(
  'twinkey_authority_feed_entries',
  'Revocations that the authority feed holds, by application.',
  ({ entries }) => entries,
);
gauge(
  'twinkey_authority_feed_age_seconds',
  'Time since the authority feed last read its database, by application.',
  ({ ageSeconds }) => ageSeconds,
);
