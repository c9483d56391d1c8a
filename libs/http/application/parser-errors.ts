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

/** What any resource here takes at most: Node's parser gives no path with a method that it does not know. */
export const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'];

/** How long (ms) a client has to read a raw answer, before its connection is gone. */
const LINGER = 1_000;

/** The answer to what Node's HTTP parser refuses. */
export function translateParserError(error: NodeJS.ErrnoException): ApiError {
  return isUnknownMethod(error)
    ? methodNotAllowed(METHODS)
    : errorForStatus(STATUS_BY_CODE[error.code ?? ''] ?? 400);
}

/**
 * Answers on the bare socket, in the envelope. The connection ends in two steps (RFC 9112, section 9.6): what still comes
 * is read and dropped, since an unread rest would reset the connection before the client has its answer; and the socket
 * is destroyed after `LINGER`, also where the client never closes its side.
 */
export function respondOnSocket(socket: Socket, answer: ApiError, requestId?: string): void {
  const { body, headers } = createRawResponse(answer, requestId);
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // The parser listens here: a request whose rest comes now would be carried out after it was refused.
  socket.removeAllListeners('data').on('data', () => {});
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n${head.join('')}\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once('close', () => clearTimeout(timer));
}

/** An answer in the envelope for where there is no application; the connection ends. */
export function createRawResponse(
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
