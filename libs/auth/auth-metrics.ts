import { Counter, Gauge } from 'prom-client';

/** `outcome`: `taken`, `refused` (the set was not valid), `failed` (there was no set). */
export const keySetFetches = new Counter({
  name: 'twinkey_key_set_fetches_total',
  help: "Fetches of an issuer's key set (JWKS), by issuer and outcome.",
  labelNames: ['issuer', 'outcome'] as const,
});

export const rejectedTokens = new Counter({
  name: 'twinkey_rejected_tokens_total',
  help: 'Bearer tokens that were answered with 401, by reason.',
  labelNames: ['reason'] as const,
});

/** The properties of a fetched key set that the metrics need. */
interface WatchedKeySet {
  readonly issuer: string;
  /** Milliseconds since the request for the set; Infinity where none was fetched. */
  readonly age: number;
}

/** Key sets in use. Each application of a process has its own. */
export const keySetsInUse = new Set<WatchedKeySet>();

new Gauge({
  name: 'twinkey_key_set_age_seconds',
  help: "Time since an issuer's key set was last fetched with success, by issuer; the oldest one counts.",
  labelNames: ['issuer'] as const,
  aggregator: 'max',
  collect() {
    this.reset();
    const oldest = new Map<string, number>();
    for (const { issuer, age } of keySetsInUse) {
      if (Number.isFinite(age)) oldest.set(issuer, Math.max(age / 1000, oldest.get(issuer) ?? 0));
    }
    for (const [issuer, age] of oldest) this.set({ issuer }, age);
  },
});
