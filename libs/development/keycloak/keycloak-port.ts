import { findFreePort } from '#libs/core/free-port.js';
import { KeycloakStartError } from './keycloak-error.js';

/**
 * Throws a KeycloakStartError if the port cannot be used. Both loopback addresses are checked: with another server on
 * `[::1]`, `http://localhost:8080` would reach that server instead of Keycloak on `127.0.0.1`.
 */
export async function requireFreePort(host: string, port: number): Promise<void> {
  for (const address of host === '127.0.0.1' ? ['127.0.0.1', '::1'] : [host]) {
    const code = await listenError(address, port);
    if (code === 'EADDRINUSE') {
      throw new KeycloakStartError(
        `Port ${port} is taken, and Keycloak needs it: stop the program that uses it, or choose another port (npm run keycloak -- --port 8081).`,
      );
    }
    // On a machine without IPv6, ::1 does not exist and is not in use.
    if (code && address === host) {
      throw new KeycloakStartError(`Keycloak can't listen on ${host}, port ${port} (${code}).`);
    }
  }
}

/** A port that is free at this moment. @throws KeycloakStartError if the host's address does not exist */
export async function chooseFreePort(host: string): Promise<number> {
  try {
    return await findFreePort({ host });
  } catch (error) {
    throw new KeycloakStartError(`Keycloak can't listen on ${host} (${codeOf(error)}).`);
  }
}

async function listenError(host: string, port: number): Promise<string | null> {
  try {
    await findFreePort({ host, port });
    return null;
  } catch (error) {
    return codeOf(error);
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message;
