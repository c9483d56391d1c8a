import { connect, type Socket } from 'node:net';

/** Internals of pg's client that its types leave out; `test/database/internals.e2e.ts` fails where they change. */
export interface DriverClient {
  _activeQuery: unknown;
  _ending: boolean;
  host: string;
  port: number;
  processID: number;
  secretKey: number;
  connection: {
    stream: Socket;
    on(event: 'errorMessage', listener: (error: { code?: string }) => void): void;
    once(event: 'readyForQuery', listener: () => void): void;
  };
}

/** Postgres cancels a slow statement. Without an answer for this much longer it is frozen or unreachable. */
const SILENCE_MARGIN_MS = 100;
/** How long a cancelled statement may take to end. */
const CANCEL_MARGIN_MS = 200;

/**
 * Closes a connection that is not usable any more, so that the pool drops it:
 * - The server is silent for longer than a statement may take: it is frozen or unreachable. pg's own `query_timeout` would
 *   return the connection to the pool while the statement is still unanswered.
 * - The server is a standby (25006): after a failover a new connection may reach the new primary.
 * @param statementTimeoutMs 0: a statement may take any time
 * @param options.cancels the server does not know the limit: the statement is cancelled first
 */
export function dropWhenBroken(
  client: DriverClient,
  statementTimeoutMs: number,
  { cancels }: { cancels: boolean },
): void {
  const { stream } = client.connection;
  const giveUp = () => stream.destroy(new Error('Query read timeout'));
  if (statementTimeoutMs > 0) {
    stream.setTimeout(statementTimeoutMs + SILENCE_MARGIN_MS);
    // setTimeout() would remove its own listener after the connection's first idle second.
    stream.on('timeout', () => {
      if (!client._activeQuery && !client._ending) return;
      if (cancels && !client._ending) cancelStatement(client, giveUp);
      else giveUp();
    });
  }
  client.connection.on('errorMessage', ({ code }) => {
    if (code === '25006') setImmediate(() => stream.destroy(new Error('The database is read-only')));
  });
}

/**
 * The connection is closed after the statement: a cancel request that arrives late would end the next one.
 * @param giveUp called where the statement does not end
 */
function cancelStatement(client: DriverClient, giveUp: () => void): void {
  const { connection } = client;
  sendCancelRequest(client);
  const timer = setTimeout(giveUp, CANCEL_MARGIN_MS);
  connection.once('readyForQuery', () => {
    clearTimeout(timer);
    // Afterwards, so that the statement fails with Postgres' own error.
    setImmediate(() => connection.stream.destroy(new Error('Connection terminated')));
  });
}

/** CancelRequest, https://www.postgresql.org/docs/current/protocol-message-formats.html: on a connection of its own. */
function sendCancelRequest({ host, port, processID, secretKey }: DriverClient): void {
  const request = Buffer.alloc(16);
  [request.length, 80_877_102, processID, secretKey].forEach((value, index) => {
    request.writeInt32BE(value, index * 4);
  });
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect({ host, port });
  socket.setTimeout(CANCEL_MARGIN_MS, () => socket.destroy());
  // The server closes the connection without an answer. PgBouncer drops the request if the client closes it first.
  socket.on('error', () => {}).resume();
  socket.write(request);
}
