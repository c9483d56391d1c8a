import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { ErrorEnvelope } from './envelope.js';
import { errorOfStatus } from './error-translation.js';
import { SECURITY_HEADERS } from './security-headers.js';
import { methodNotAllowed } from './wrong-methods.js';

const STATUS_BY_CODE: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** What any resource here takes at most: Node's parser gives no path with a method that it does not know. */
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/**
 * What Node's HTTP parser refuses never reaches the application: answered here, on the bare socket, in the
 * same envelope, and the connection ends (RFC 9112, section 9.6).
 */
export function answerParserError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const answer = isUnknownMethod(error)
    ? methodNotAllowed(METHODS)
    : errorOfStatus(STATUS_BY_CODE[error.code ?? ''] ?? 400);
  const envelope = new ErrorEnvelope(answer);
  const body = JSON.stringify(envelope);
  const headers = {
    ...SECURITY_HEADERS,
    ...answer.headers,
    'cache-control': 'no-store',
    'x-request-id': randomUUID(),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${envelope.code} ${STATUS_CODES[envelope.code]}\r\n${head.join('')}\r\n${body}`);
}

/** A request line that is fine but for a method that Node's parser does not know: `QUERY /users HTTP/1.1`. */
function isUnknownMethod({ code, rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): boolean {
  const line = rawPacket?.subarray(0, 1024).toString('latin1') ?? '';
  return code === 'HPE_INVALID_METHOD' && /^[A-Z][A-Z-]* \/\S* HTTP\/1\.1\r\n/.test(line);
}
