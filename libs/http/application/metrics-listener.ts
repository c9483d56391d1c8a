import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { metrics, scrapeMetrics } from '#libs/observability/metrics.js';
import type { ApiError } from '../replies/api-error.js';
import { errorForStatus } from '../replies/error-translation.js';
import { Connections } from './connections.js';
import { hostNotAllowed } from './host-header.js';
import { isLoopbackAddress, isLoopbackHost } from './loopback.js';
import { createRawResponse } from './parser-errors.js';
import { requestIdOf } from './request-id.js';
import { listenError } from './running-app.js';
import { SECURITY_HEADERS } from './security-headers.js';
import { methodNotAllowed } from './wrong-methods.js';

const LOOPBACK = '127.0.0.1';

/**
 * Serves `GET /metrics` on a separate port (`METRICS_PORT`), for applications without an internal port. On loopback it
 * requires a loopback `Host`, against DNS rebinding.
 * @throws ListenError
 */
export async function startMetricsListener(
  port: number,
  host = LOOPBACK,
): Promise<{ url: string; close(): Promise<void> }> {
  let isExposed = false;
  const server = new Connections().createServer((request, response) => {
    const requestId = requestIdOf(request);
    const sendError = (error: ApiError) => {
      const { body, headers } = createRawResponse(error, requestId);
      response.writeHead(error.status, headers).end(body);
    };
    if (!isExposed && !isLoopbackHost(request.headers.host ?? LOOPBACK)) return sendError(hostNotAllowed());
    if (request.url !== '/metrics') return sendError(errorForStatus(404));
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendError(methodNotAllowed(['GET', 'HEAD']));
    const headers = {
      ...SECURITY_HEADERS,
      'x-request-id': requestId,
      'cache-control': 'no-store',
      'content-type': metrics.contentType,
    };
    scrapeMetrics().then(
      (text) => response.writeHead(200, headers).end(text),
      () => sendError(errorForStatus(500)),
    );
  });
  server.listen(port, host === 'localhost' ? LOOPBACK : host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw listenError(error, { host, port, variable: 'METRICS_PORT' });
  }
  const { address, port: bound } = server.address() as AddressInfo;
  isExposed = !isLoopbackAddress(address);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
