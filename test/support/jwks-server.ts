import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A JWKS endpoint on loopback. The test sets its answers. */
export interface JwksServer {
  readonly url: string;
  /** The number of requests. */
  hits: number;
  answer: RequestListener;
  close(): Promise<void>;
}

/** Answers with this body, a key set or any text. */
export const answerWith =
  (body: unknown, status = 200, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

export const answerKeys = (...keys: { jwk: unknown }[]): RequestListener =>
  answerWith({ keys: keys.map(({ jwk }) => jwk) });

export async function startJwksServer(answer: RequestListener = answerWith('', 404)): Promise<JwksServer> {
  const http = createServer((request, response) => {
    server.hits++;
    server.answer(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const server: JwksServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks`,
    hits: 0,
    answer,
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return server;
}
