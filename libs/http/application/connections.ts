import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ApiError } from '../replies/api-error.js';
import { errorForStatus } from '../replies/error-translation.js';
import { ACCEPTED_METHODS, respondOnSocket, translateParserError } from './parser-errors.js';
import { requestIdOf } from './request-id.js';
import { methodNotAllowed } from './wrong-methods.js';

/** A request must have arrived completely after this time, and a new connection must have sent its first one. */
const REQUEST_TIMEOUT_MS = 10_000;
/** A client that reads nothing more of its response is disconnected after this time. */
const STALL_TIMEOUT_MS = 15_000;
/** Longer than load balancers keep idle connections, so that the load balancer closes them first. */
const KEEP_ALIVE_TIMEOUT_MS = 72_000;
/** When the server closes, a connection without an active request has this time to send one. */
const CLOSING_TIMEOUT_MS = 1_000;
/** The request line and all headers, in bytes: a token of 16 KiB and the same again. */
export const MAX_HEADER_SIZE = 32 * 1024;
const MAX_CONNECTIONS = 10_000;

interface Connection {
  /**
   * Responses that have not been sent completely, or whose request (`req`) has not arrived completely, with the time when
   * the request started.
   */
  exchanges: Map<ServerResponse, number>;
  /** When the last response ended, or the connection was opened. */
  idleSince: number;
}

/** One listener for all responses of a server: a closure for each request takes time. */
const responseCloseListener = (open: Map<Socket, Connection>) =>
  function (this: ServerResponse): void {
    const connection = open.get(this.req.socket);
    if (!connection) return;
    if (this.req.complete) connection.exchanges.delete(this);
    connection.idleSince = performance.now();
  };

/**
 * The connections of one HTTP server. The timeouts above also close the connections of clients that never close their side,
 * send half a request, or do not read the response.
 */
export class Connections {
  private readonly open = new Map<Socket, Connection>();
  private readonly onResponseClosed = responseCloseListener(this.open);

  /** Creates an HTTP server. It responds to parser errors in the envelope. */
  createServer(handler: RequestListener): Server {
    const server = createServer(
      {
        requestTimeout: REQUEST_TIMEOUT_MS,
        headersTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: 1_000,
        keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
        maxHeaderSize: MAX_HEADER_SIZE,
        requireHostHeader: false,
      },
      handler,
    );
    server.maxConnections = MAX_CONNECTIONS;
    server.timeout = STALL_TIMEOUT_MS;
    server.on('connection', (socket) => this.add(socket));
    server.on('request', (_request, response) => this.track(response));
    // Unknown expectations may be ignored (RFC 9110, section 10.1.1); Node's own 417 would have no envelope.
    server.on('checkExpectation', (request, response) => server.emit('request', request, response));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (error.code === 'ECONNRESET') socket.destroy();
      else this.reject(socket as Socket, translateParserError(error));
    });
    // Proxy requests are not supported. Node has already removed its error and timeout handlers from the socket.
    server.on('connect', (request, socket) =>
      respondOnSocket(socket as Socket, methodNotAllowed(ACCEPTED_METHODS), requestIdOf(request)),
    );
    server.on('timeout', (socket) => {
      const isProcessing = this.responsesOn(socket).some(({ headersSent }) => !headersSent);
      if (!isProcessing) socket.destroy();
    });
    return server;
  }

  /** Call it before the server closes: Node stops its own timeouts then, but waits for all connections to end. */
  closeWith(server: Server): void {
    this.closeOverdue();
    // unref: a server that never listened emits no `close`.
    const timer = setInterval(() => this.closeOverdue(), CLOSING_TIMEOUT_MS / 4).unref();
    server.once('close', () => clearInterval(timer));
  }

  private add(socket: Socket): void {
    this.open.set(socket, { exchanges: new Map(), idleSince: performance.now() });
    socket.once('close', () => this.open.delete(socket));
  }

  private track(response: ServerResponse): void {
    const exchanges = this.open.get(response.req.socket)?.exchanges;
    if (!exchanges) return;
    // The body can arrive after the response was sent, but before the next request starts.
    for (const each of exchanges.keys())
      if (each.req.complete && each.writableFinished) exchanges.delete(each);
    exchanges.set(response, performance.now());
    response.on('close', this.onResponseClosed);
  }

  private responsesOn(socket: Socket): ServerResponse[] {
    return [...(this.open.get(socket)?.exchanges.keys() ?? [])];
  }

  /** Sends an error and closes the connection (RFC 9112, section 9.6). */
  private reject(socket: Socket, error: ApiError): void {
    // Must not write into another response, or send a second response to the same request.
    const hasResponse = this.responsesOn(socket).some(({ headersSent }) => headersSent);
    if (!socket.writable || hasResponse) socket.destroy();
    else respondOnSocket(socket, error);
  }

  private closeOverdue(): void {
    const now = performance.now();
    for (const [socket, { exchanges, idleSince }] of this.open) {
      const pending = [...exchanges];
      const isIdle = pending.every(([response]) => response.writableFinished);
      const isLate = pending.some(
        ([{ req }, startedAt]) => !req.complete && now - startedAt > REQUEST_TIMEOUT_MS,
      );
      if (isIdle && now - idleSince > CLOSING_TIMEOUT_MS) socket.destroy();
      else if (isLate) this.reject(socket, errorForStatus(408));
    }
  }
}
