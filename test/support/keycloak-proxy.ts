import { once } from 'node:events';
import { createServer, type RequestListener, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyedCertificate } from './certificates.js';

export interface KeycloakProxy {
  /** Without the path below which Keycloak is. */
  origin: string;
  close(): Promise<void>;
}

/**
 * A reverse proxy in front of a real Keycloak, on a free port of 127.0.0.1.
 * @param options.tls makes it speak https
 * @param options.path puts Keycloak below it (`/auth`); elsewhere is nothing
 */
export async function startKeycloakProxy(
  keycloakUrl: string,
  { tls, path = '' }: { tls?: KeyedCertificate; path?: string } = {},
): Promise<KeycloakProxy> {
  const pass: RequestListener = (incoming, outgoing) => {
    const { method, headers, url = '' } = incoming;
    if (!url.startsWith(`${path}/`)) {
      outgoing.writeHead(404).end('Resource not found');
      return;
    }
    const forwarded = request(
      new URL(url.slice(path.length), keycloakUrl),
      { method, headers: { ...headers, host: new URL(keycloakUrl).host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  };
  const server = tls ? createTlsServer({ cert: tls.chain, key: tls.key }, pass) : createServer(pass);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}
