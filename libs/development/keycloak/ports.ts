import { createServer } from 'node:net';
import { KeycloakStartError } from './keycloak-error.js';

/**
 * Throws a KeycloakProblem if the port cannot be used. Both loopback addresses are checked: with another server on
 * `[::1]`, `http://localhost:8080` would reach that server instead of Keycloak on `127.0.0.1`.
 */
export async function requireFreePort(host: string, port: number): Promise<void> {
  for (const address of host === '127.0.0.1' ? ['127.0.0.1', '::1'] : [host]) {
    const { error } = await tryListening(address, port);
    if (error === 'EADDRINUSE') {
      throw new KeycloakStartError(
        `Port ${port} is taken, and Keycloak needs it: stop the program that uses it, or choose another port (npm run keycloak -- --port 8081).`,
      );
    }
    // On a machine without IPv6, ::1 does not exist and is not in use.
    if (error && address === host) {
      throw new KeycloakStartError(`Keycloak can't listen on ${host}, port ${port} (${error}).`);
    }
  }
}

/** A port that is free at this moment. */
export async function findFreePort(host: string): Promise<number> {
  const { port, error } = await tryListening(host, 0);
  if (port === null) {
    throw new KeycloakStartError(`Keycloak can't listen on ${host} (${error}).`);
  }
  return port;
}

function tryListening(host: string, port: number): Promise<{ port: number | null; error: string | null }> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve({ port: null, error: error.code ?? error.message }),
    );
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() =>
        resolve({ port: typeof address === 'object' && address ? address.port : null, error: null }),
      );
    });
  });
}
