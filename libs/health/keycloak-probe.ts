import type { Probe } from './health.js';

const PATIENCE_MS = 2_000;

/** `GET /realms/{realm}`: no more than "it answers". @param keycloak null where Keycloak mode is off */
export const keycloakProbe = (
  keycloak: { readonly internalUrl: string; readonly realm: string } | null,
): Probe =>
  keycloak &&
  (async () => {
    const response = await fetch(`${keycloak.internalUrl}/realms/${encodeURIComponent(keycloak.realm)}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`Keycloak answered ${response.status}`);
  });
