import { createServer } from 'node:net';

/**
 * Listens on a port for a moment.
 * @param options.host the address to listen on; all addresses if it is not given
 * @param options.port the port to try; 0 or none: the system chooses one
 * @returns the port, which is free at this moment
 * @throws the error of `listen`, with its `code` (`EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES` …)
 */
export function findFreePort({ host, port = 0 }: { host?: string; port?: number } = {}): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address() as { port: number };
      server.close(() => resolve(address.port));
    });
  });
}
