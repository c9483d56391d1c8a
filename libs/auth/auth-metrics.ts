import { Counter } from 'prom-client';

/** `outcome`: `taken`, `refused` (there was a set, and it was not sound), `failed` (there was none). */
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
