import type { Probe } from './health-check.js';

const TIMEOUT_MS = 500;

/**
 * Checks with `GET /realms/{realm}` that Keycloak responds. Simultaneous probes share one request.
 * @param keycloak null if Keycloak mode is off
 */
export function keycloakProbe(
  keycloak: { readonly internalUrl: string; readonly realm: string } | null,
): Probe {
  if (keycloak === null) return null;
  let running: Promise<void> | null = null;
  const request = async () => {
    const response = await fetch(`${keycloak.internalUrl}/realms/${encodeURIComponent(keycloak.realm)}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`Keycloak responded with ${response.status}`);
  };
  return () => {
    running ??= request().finally(() => {
      running = null;
    });
    return running;
  };
}
