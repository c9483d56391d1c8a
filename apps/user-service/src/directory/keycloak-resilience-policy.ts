import { bulkhead, type IPolicy, TimeoutStrategy, timeout, wrap } from 'cockatiel';
import { Gauge } from 'prom-client';
import { CircuitBreaker } from './circuit-breaker.js';
import { isKeycloakAway } from './keycloak-errors.js';

/** For one call in all (ms): waiting in line, renewing the token, and all requests of it. */
export const KEYCLOAK_BUDGET = 2_000;

/**
 * Calls under way at once, and such as wait for their turn: those for people who are signed in, and other services'
 * lookups, so that neither can take all places.
 */
const PLACES = { person: { concurrent: 20, queued: 200 }, lookup: { concurrent: 10, queued: 200 } };
type Purpose = keyof typeof PLACES;

/** So many failures in a row open the circuit; after so long (ms) one call tries again. */
const FAILURES = 5;
const RETRY_AFTER = 1_000;

const breakerOpen = new Gauge({
  name: 'twinkey_keycloak_circuit_open',
  help: '1 while calls to Keycloak are refused at once, because it was away.',
  aggregator: 'max',
});

/** What stands between us and Keycloak's Admin API, so that its trouble is not ours. */
export class KeycloakResiliencePolicy {
  private readonly limits = { person: limitsOf('person'), lookup: limitsOf('lookup') };
  private readonly circuit = new CircuitBreaker({
    failures: FAILURES,
    retryAfter: RETRY_AFTER,
    isFailure: isKeycloakAway,
    onChange: (isOpen) => breakerOpen.set(isOpen ? 1 : 0),
  });

  /**
   * @param call is told by its signal that its time is over, and nobody waits for it any more
   * @throws the call's own error, or one that `isKeycloakAway` knows
   */
  execute<T>(call: (signal: AbortSignal) => Promise<T>, purpose: Purpose = 'person'): Promise<T> {
    return this.limits[purpose].execute(({ signal }) => this.circuit.execute(() => call(signal)));
  }
}

const limitsOf = (purpose: Purpose): IPolicy =>
  wrap(
    timeout(KEYCLOAK_BUDGET, TimeoutStrategy.Aggressive),
    bulkhead(PLACES[purpose].concurrent, PLACES[purpose].queued),
  );
