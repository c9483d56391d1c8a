import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** The port variables of both apps, each naming a port that nobody listens on at this moment. */
export async function freePorts() {
  const servers = await Promise.all([listen(), listen(), listen()]);
  const [PORT, USER_SERVICE_PORT, USER_SERVICE_INTERNAL_PORT] = servers.map(portOf) as [
    string,
    string,
    string,
  ];
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return { PORT, USER_SERVICE_PORT, USER_SERVICE_INTERNAL_PORT };
}

/** Somebody else's server, on a port of loopback. */
export async function listen(port = 0): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): string {
  return String((server.address() as { port: number }).port);
}
