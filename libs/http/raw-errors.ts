import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ErrorEnvelope } from './envelope.js';
import { errorOfStatus } from './error-translation.js';
import { SECURITY_HEADERS } from './security-headers.js';

const STATUS_BY_CODE: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * What Node's HTTP parser refuses never reaches the application: answered here, on the bare socket, in the
 * same envelope, and the connection ends (RFC 9112, section 9.6).
 */
export function answerParserError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const envelope = new ErrorEnvelope(errorOfStatus(STATUS_BY_CODE[error.code ?? ''] ?? 400));
  const body = JSON.stringify(envelope);
  const headers = {
    ...SECURITY_HEADERS,
    'cache-control': 'no-store',
    'x-request-id': randomUUID(),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${envelope.code} ${STATUS_CODES[envelope.code]}\r\n${head.join('')}\r\n${body}`);
}
