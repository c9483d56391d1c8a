import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { findFreePort } from '#libs/core/free-port.js';

const HOST = '127.0.0.1';
/** Below the ephemeral ports, which outgoing connections can take at any time. */
const PORT_RANGE = [10_000, 32_768] as const;

/** A free port, which stays free while the process that uses it restarts. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await findFreePort({ host: HOST, port: randomInt(...PORT_RANGE) }).catch(() => null);
    if (port !== null) return port;
  }
}

/** The port variables of both apps, with different free ports. */
export async function freePorts() {
  const ports = new Set<string>();
  while (ports.size < 3) ports.add(String(await freePort()));
  const [PORT, USER_SERVICE_PORT, USER_SERVICE_INTERNAL_PORT] = [...ports] as [string, string, string];
  return { PORT, USER_SERVICE_PORT, USER_SERVICE_INTERNAL_PORT };
}

/** A TCP server of another program, on loopback. */
export async function listen(port = 0): Promise<Server> {
  const server = createServer().listen(port, HOST);
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): string {
  return String((server.address() as { port: number }).port);
}
