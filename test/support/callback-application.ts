import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An application at the end of a sign-in in a browser: it only has to exist, so that the browser arrives somewhere. */
export async function startCallbackApplication(): Promise<{ callback: string; close(): void }> {
  const server = createServer((_request, response) => response.end('<h1>Application</h1>')).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { callback: `http://localhost:${port}/callback`, close: () => void server.close() };
}
