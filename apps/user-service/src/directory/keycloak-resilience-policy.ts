import { bulkhead, type IPolicy, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import { Gauge } from 'prom-client';
import type { IssuerId } from '#libs/verify/src/issuers/issuer-id.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { isKeycloakAway } from './keycloak-errors.js';

/** Of one call in all: waiting in the queue, renewing the token, and all its requests. */
export const KEYCLOAK_TIMEOUT_MS = 2_000;

/**
 * Concurrent and queued calls: those for signed-in users, and lookups for other services, so that neither can take all
 * places.
 */
const PLACES = { person: { concurrent: 20, queued: 200 }, lookup: { concurrent: 10, queued: 200 } };
type Purpose = keyof typeof PLACES;

const FAILURES_TO_OPEN = 5;
const RETRY_AFTER_MS = 1_000;

const circuitOpen = new Gauge({
  name: 'twinkey_keycloak_circuit_open',
  help: '1 while calls to Keycloak are refused at once, because the last ones failed; by issuer.',
  labelNames: ['issuer'] as const,
  aggregator: 'max',
});

/** Limits the calls to Keycloak's Admin API, so that a slow or broken Keycloak does not slow down this service. */
export class KeycloakResiliencePolicy {
  private readonly limits = { person: limitsOf('person'), lookup: limitsOf('lookup') };
  private readonly circuit: CircuitBreaker;

  constructor(issuer: IssuerId) {
    circuitOpen.set({ issuer }, 0);
    this.circuit = new CircuitBreaker({
      failures: FAILURES_TO_OPEN,
      retryAfterMs: RETRY_AFTER_MS,
      isFailure: isKeycloakAway,
      onChange: (isOpen) => circuitOpen.set({ issuer }, isOpen ? 1 : 0),
    });
  }

  /**
   * @param call its signal is aborted at the timeout, when the caller no longer waits for it
   * @throws the call's own error, or one for which `isKeycloakAway` is true
   */
  execute<T>(call: (signal: AbortSignal) => Promise<T>, purpose: Purpose = 'person'): Promise<T> {
    return this.limits[purpose].execute(({ signal }) => this.circuit.execute(() => call(signal)));
  }
}

const limitsOf = (purpose: Purpose): IPolicy =>
  wrap(
    timeout(KEYCLOAK_TIMEOUT_MS, TimeoutStrategy.Aggressive),
    bulkhead(PLACES[purpose].concurrent, PLACES[purpose].queued),
  );
