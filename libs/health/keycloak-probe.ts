import type { Probe } from './health.js';

const PATIENCE_MS = 500;

/**
 * `GET /realms/{realm}`: no more than "it answers". However many ask at once, Keycloak is asked once.
 * @param keycloak null where Keycloak mode is off
 */
export function keycloakProbe(
  keycloak: { readonly internalUrl: string; readonly realm: string } | null,
): Probe {
  if (keycloak === null) return null;
  let asking: Promise<void> | null = null;
  const ask = async () => {
    const response = await fetch(`${keycloak.internalUrl}/realms/${encodeURIComponent(keycloak.realm)}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`Keycloak answered ${response.status}`);
  };
  return () => {
    asking ??= ask().finally(() => {
      asking = null;
    });
    return asking;
  };
}
