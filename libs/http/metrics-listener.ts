import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metrics, scrape } from './metrics.js';
import { ListenError } from './running-app.js';

const HOST = '127.0.0.1';

/**
 * `GET /metrics` on a port of its own, on loopback, where no internal port shows them (`METRICS_PORT`).
 * @throws ListenError
 */
export async function startMetricsListener(port: number): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') return void response.writeHead(404).end();
    scrape().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError(`Port ${port} is taken: choose another one with METRICS_PORT.`, { cause: error });
  }
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/metrics`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
