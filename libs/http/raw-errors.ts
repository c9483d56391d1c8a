import { randomUUID } from 'node:crypto';
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ApiError } from './api-error.js';
import { ErrorEnvelope } from './envelope.js';
import { errorOfStatus } from './error-translation.js';
import { requestIdOf } from './request-id.js';
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
  answerOn(
    socket,
    isUnknownMethod(error)
      ? methodNotAllowed(METHODS)
      : errorOfStatus(STATUS_BY_CODE[error.code ?? ''] ?? 400),
  );
}

/**
 * For Node's event `connect`: we are no proxy. Node has let go of the socket by then, its errors and its time-outs
 * included, so that nobody but us ends it.
 */
export function answerConnect(request: IncomingMessage, socket: Duplex): void {
  socket.on('error', () => socket.destroy());
  answerOn(socket, methodNotAllowed(METHODS), requestIdOf(request));
  (socket as Socket).destroySoon();
}

function answerOn(socket: Duplex, answer: ApiError, requestId?: string): void {
  const { body, headers } = rawAnswer(answer, requestId);
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n${head.join('')}\r\n${body}`);
}

/** An answer in the envelope for where there is no application; the connection ends. */
export function rawAnswer(
  answer: ApiError,
  requestId: string = randomUUID(),
): { body: string; headers: Record<string, string | number> } {
  const body = JSON.stringify(new ErrorEnvelope(answer));
  const headers = {
    ...SECURITY_HEADERS,
    ...answer.headers,
    'cache-control': 'no-store',
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  return { body, headers };
}

/** A request line that is fine but for a method that Node's parser does not know: `QUERY /users HTTP/1.1`. */
function isUnknownMethod({ code, rawPacket }: NodeJS.ErrnoException & { rawPacket?: Buffer }): boolean {
  const line = rawPacket?.subarray(0, 1024).toString('latin1') ?? '';
  return code === 'HPE_INVALID_METHOD' && /^[A-Z][A-Z-]* \/\S* HTTP\/1\.1\r\n/.test(line);
}
