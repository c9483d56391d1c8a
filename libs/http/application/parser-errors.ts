import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { ApiError } from '../replies/api-error.js';
import { ErrorEnvelope } from '../replies/envelope.js';
import { errorForStatus } from '../replies/error-translation.js';
import { SECURITY_HEADERS } from './security-headers.js';
import { methodNotAllowed } from './wrong-methods.js';

const STATUS_BY_CODE: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** All methods in use. For an unknown method, Node's parser reports no path, so `Allow` cannot be more exact. */
export const ACCEPTED_METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/** How long (ms) a client can read a raw response before its connection is destroyed. */
const LINGER_MS = 1_000;

/** Turns an error of Node's HTTP parser into an ApiError. */
export function translateParserError(error: NodeJS.ErrnoException): ApiError {
  return isUnknownMethod(error)
    ? methodNotAllowed(ACCEPTED_METHODS)
    : errorForStatus(STATUS_BY_CODE[error.code ?? ''] ?? 400);
}

/**
 * Writes an error in the envelope to a socket, and closes the connection in two steps (RFC 9112, section 9.6). First, more
 * data is read and dropped: unread data would reset the connection before the client has read the response. Then, after
 * `LINGER_MS`, the socket is destroyed, even if the client keeps its side open.
 */
export function respondOnSocket(socket: Socket, error: ApiError, requestId?: string): void {
  const { body, headers } = createRawResponse(error, requestId);
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // Removes the parser: otherwise the rest of a rejected request could still arrive and be executed.
  socket.removeAllListeners('data').on('data', () => {});
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${head.join('')}\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

/** Makes the body and headers of an error response without Fastify. The connection is closed. */
export function createRawResponse(
  error: ApiError,
  requestId: string = randomUUID(),
): { body: string; headers: Record<string, string | number> } {
  const body = JSON.stringify(new ErrorEnvelope(error));
  const headers = {
    ...SECURITY_HEADERS,
    ...error.headers,
    'cache-control': 'no-store',
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  return { body, headers };
}

/** Whether the request line is valid except for a method that Node's parser does not know: `QUERY /users HTTP/1.1`. */
function isUnknownMethod({ code, rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): boolean {
  const line = rawPacket?.subarray(0, 1024).toString('latin1') ?? '';
  return code === 'HPE_INVALID_METHOD' && /^[A-Z][A-Z-]* \/\S* HTTP\/1\.1\r\n/.test(line);
}
