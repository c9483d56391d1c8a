import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import type { TrustedIssuer } from '#libs/verify/src/issuers/trusted-issuer.js';
import { TrustedIssuers } from '#libs/verify/src/issuers/trusted-issuers.js';
import type { KeySetFetch } from '#libs/verify/src/verifier-observer.js';

/** `outcome`: `taken`, `refused` (the set was not valid), `failed` (there was no set). */
const keySetFetches = new Counter({
  name: 'twinkey_key_set_fetches_total',
  help: "Fetches of an issuer's key set (JWKS), by issuer and outcome.",
  labelNames: ['issuer', 'outcome'] as const,
});

export const rejectedTokens = new Counter({
  name: 'twinkey_rejected_tokens_total',
  help: 'Bearer tokens that were answered with 401, by reason.',
  labelNames: ['reason'] as const,
});

/** Each application of a process has its own issuers. */
const inUse = new Set<TrustedIssuers>();

new Gauge({
  name: 'twinkey_key_set_age_seconds',
  help: "Time since an issuer's key set was last fetched with success, by issuer; the oldest one counts.",
  labelNames: ['issuer'] as const,
  aggregator: 'max',
  collect() {
    this.reset();
    const oldest = new Map<string, number>();
    for (const { issuer, ageMs } of [...inUse].flatMap(({ keyAges }) => keyAges)) {
      oldest.set(issuer, Math.max(ageMs / 1000, oldest.get(issuer) ?? 0));
    }
    for (const [issuer, age] of oldest) this.set({ issuer }, age);
  },
});

const logger = new Logger('KeySets');

/** The trusted issuers of an application. Its metrics and log show how their keys are fetched. */
export class ObservedIssuers extends TrustedIssuers implements OnApplicationShutdown {
  constructor(issuers: readonly TrustedIssuer[]) {
    super(issuers, { keySetFetched: report });
    inUse.add(this);
  }

  onApplicationShutdown(): void {
    inUse.delete(this);
    this.close();
  }
}

function report({ issuer, url, outcome, reason, keys }: KeySetFetch): void {
  keySetFetches.inc({ issuer, outcome });
  if (outcome === 'taken') return;
  logger.warn({ msg: `key set ${outcome}`, issuer, url, reason, keys_kept: keys });
}
