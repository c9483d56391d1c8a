import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { ApiError } from '../replies/api-error.js';
import { errorForStatus } from '../replies/error-translation.js';
import { METHODS, respondOnSocket, translateParserError } from './parser-errors.js';
import { requestIdOf } from './request-id.js';
import { methodNotAllowed } from './wrong-methods.js';

/** A request has to be there after this long (ms), head and body, and so has a connection's first one. */
const REQUEST_TIMEOUT = 10_000;
/** A client that takes nothing more of its answer is cut off after this long (ms). */
const STALL_TIMEOUT = 15_000;
/** Longer than load balancers keep idle connections (ms), so that it is they who close them. */
const KEEP_ALIVE_TIMEOUT = 72_000;
/** Once the server closes, a connection without a request under way has this long (ms) to send one. */
const CLOSING_TIMEOUT = 1_000;
/** Of the request line and all headers (bytes): a token of 16 KiB, and as much again. */
export const MAX_HEADER_SIZE = 32 * 1024;
const MAX_CONNECTIONS = 10_000;

/** A request that has not been read to its end, or not been answered to its end. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  startedAt: number;
}

interface Connection {
  exchanges: Set<Exchange>;
  /** When the last answer ended, or the connection began. */
  quietSince: number;
}

/**
 * The connections of one HTTP server. Each of them ends in time whatever its client does: one that never closes its side,
 * sends half a request or reads no answer does not hold a place for longer than the time-outs above.
 */
export class Connections {
  private readonly open = new Map<Socket, Connection>();

  /** The server of any of our listeners; what its parser refuses is answered in the envelope. */
  createServer(handler: RequestListener): Server {
    const server = createServer(
      {
        requestTimeout: REQUEST_TIMEOUT,
        headersTimeout: REQUEST_TIMEOUT,
        connectionsCheckingInterval: 1_000,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
        maxHeaderSize: MAX_HEADER_SIZE,
        requireHostHeader: false,
      },
      handler,
    );
    server.maxConnections = MAX_CONNECTIONS;
    server.timeout = STALL_TIMEOUT;
    server.on('connection', (socket) => this.add(socket));
    server.on('request', (request, response) => this.follow(request, response));
    // RFC 9110, section 10.1.1: an expectation that is not known may be ignored. Node's own 417 would have no envelope.
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code === 'ECONNRESET') socket.destroy();
      else this.refuse(socket as Socket, translateParserError(error));
    });
    // We are no proxy. Node lets go of the socket, its errors and its time-outs included.
    server.on('connect', (request, socket) =>
      respondOnSocket(socket as Socket, methodNotAllowed(METHODS), requestIdOf(request)),
    );
    server.on('timeout', (socket) => {
      const isHandled = this.exchangesOn(socket).some(({ response }) => !response.headersSent);
      if (!isHandled) socket.destroy();
    });
    return server;
  }

  /** Call it before the server closes: it then waits for its connections, and Node's own time-outs have ended. */
  closeWith(server: Server): void {
    this.endOverdue();
    // A server that never listened never closes either.
    const timer = setInterval(() => this.endOverdue(), CLOSING_TIMEOUT / 4).unref();
    server.once('close', () => clearInterval(timer));
  }

  private add(socket: Socket): void {
    this.open.set(socket, { exchanges: new Set(), quietSince: performance.now() });
    socket.once('close', () => this.open.delete(socket));
  }

  private follow(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.open.get(request.socket);
    if (!connection) return;
    const { exchanges } = connection;
    // A body may end after its answer, at the latest where the next request begins.
    for (const each of exchanges)
      if (each.request.complete && each.response.writableFinished) exchanges.delete(each);
    const exchange = { request, response, startedAt: performance.now() };
    exchanges.add(exchange);
    response.once('close', () => {
      if (request.complete) exchanges.delete(exchange);
      connection.quietSince = performance.now();
    });
  }

  private exchangesOn(socket: Socket): Exchange[] {
    return [...(this.open.get(socket)?.exchanges ?? [])];
  }

  /** What Node's parser refuses never reaches the application: the connection ends (RFC 9112, section 9.6). */
  private refuse(socket: Socket, answer: ApiError): void {
    // Nothing may come into the middle of an answer, nor behind that of the same request.
    const isAnswered = this.exchangesOn(socket).some(({ response }) => response.headersSent);
    if (!socket.writable || isAnswered) socket.destroy();
    else respondOnSocket(socket, answer);
  }

  private endOverdue(): void {
    const now = performance.now();
    for (const [socket, { exchanges, quietSince }] of this.open) {
      const pending = [...exchanges];
      const isQuiet = pending.every(({ response }) => response.writableFinished);
      const isLate = pending.some(
        ({ request, startedAt }) => !request.complete && now - startedAt > REQUEST_TIMEOUT,
      );
      if (isQuiet && now - quietSince > CLOSING_TIMEOUT) socket.destroy();
      else if (isLate) this.refuse(socket, errorForStatus(408));
    }
  }
}
