import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How the proxy treats its connections, including open ones:
 * - `pass`: forwards everything.
 * - `refuse`: does not listen and resets open connections.
 * - `freeze`: accepts connections and forwards nothing; the data is forwarded later.
 * - `swallow`: forwards requests and drops responses.
 * - `delay`: forwards each chunk of a response `ms` later.
 * - `drip`: forwards responses in chunks of `bytes`, `ms` apart.
 * - `answer`: does not call the server; answers each request with `status` (and `headers`) and closes the connection.
 */
export type ProxyMode =
  | { kind: 'pass' | 'refuse' | 'freeze' | 'swallow' }
  | { kind: 'delay'; ms: number }
  | { kind: 'drip'; bytes: number; ms: number }
  | { kind: 'answer'; status: number; headers?: Record<string, string> };

/** A proxy between a client and a real server, on a free port of 127.0.0.1, that injects faults. */
export class TcpProxy {
  /** The first line of each received request, such as `GET /realms/x HTTP/1.1`, in every mode. */
  readonly requests: string[] = [];
  private mode: ProxyMode = { kind: 'pass' };
  private readonly pairs = new Set<ConnectionPair>();
  private server: Server | null = null;
  private port = 0;

  private constructor(private readonly target: { host: string; port: number }) {}

  /** @param target the server's URL; its path is ignored */
  static async start(target: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(target);
    const proxy = new TcpProxy({ host: hostname, port: Number(port) });
    await proxy.listen();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The number of open connections. */
  get connections(): number {
    return this.pairs.size;
  }

  async set(mode: ProxyMode): Promise<void> {
    this.mode = mode;
    if (mode.kind === 'refuse') {
      await this.stopListening();
    } else if (!this.server) {
      await this.listen();
    }
    for (const pair of this.pairs) {
      pair.setMode(mode);
    }
  }

  /** Resets all open connections; new ones are accepted. */
  disconnect(): void {
    for (const pair of this.pairs) {
      pair.close();
    }
  }

  async close(): Promise<void> {
    await this.stopListening();
  }

  private async listen(): Promise<void> {
    const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => this.accept(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as { port: number }).port;
    this.server = server;
  }

  private async stopListening(): Promise<void> {
    const server = this.server;
    this.server = null;
    const closed = new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    this.disconnect();
    await closed;
  }

  private accept(client: Socket): void {
    const pair = new ConnectionPair(client, connect({ ...this.target, noDelay: true, allowHalfOpen: true }), {
      onRequest: (line) => this.requests.push(line),
      onClose: () => this.pairs.delete(pair),
    });
    this.pairs.add(pair);
    pair.setMode(this.mode);
  }
}

const REQUEST_LINE = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \S+ HTTP\/1\.[01](?=\r\n)/;

/** A client's connection and its connection to the server. */
class ConnectionPair {
  private mode: ProxyMode = { kind: 'pass' };

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    private readonly on: { onRequest: (line: string) => void; onClose: () => void },
  ) {
    for (const socket of [client, server]) {
      socket.on('error', () => this.close());
      // When one side closes normally, a response may still be in transit to the other side.
      socket.on('close', () => client.destroyed && server.destroyed && this.on.onClose());
    }
    this.forward(
      client,
      (chunk) => this.toServer(chunk),
      () => server.end(),
    );
    this.forward(
      server,
      (chunk) => this.toClient(chunk),
      () => client.end(),
    );
  }

  setMode(mode: ProxyMode): void {
    this.mode = mode;
    for (const socket of [this.client, this.server]) {
      if (mode.kind === 'freeze') {
        socket.pause();
      } else {
        socket.resume();
      }
    }
  }

  close(): void {
    this.on.onClose();
    this.client.resetAndDestroy();
    this.server.resetAndDestroy();
  }

  /** Forwards chunks in order, also when a chunk is delayed. */
  private forward(from: Socket, send: (chunk: Buffer) => unknown, end: () => unknown): void {
    let last: Promise<unknown> = Promise.resolve();
    from.on('data', (chunk: Buffer) => {
      last = last.then(() => send(chunk));
    });
    from.on('end', () => {
      last = last.then(end);
    });
  }

  private toServer(chunk: Buffer): void {
    const [line] = REQUEST_LINE.exec(chunk.toString('latin1')) ?? [];
    if (line) {
      this.on.onRequest(line);
    }
    if (this.mode.kind === 'answer') {
      if (line) {
        this.client.end(answerText(this.mode.status, this.mode.headers ?? {}));
      }
    } else {
      this.server.write(chunk);
    }
  }

  private async toClient(chunk: Buffer): Promise<void> {
    if (this.mode.kind === 'swallow') {
      return;
    }
    if (this.mode.kind === 'delay') {
      await sleep(this.mode.ms);
    }
    let sent = 0;
    while (this.mode.kind === 'drip' && sent < chunk.length && !this.client.destroyed) {
      this.client.write(chunk.subarray(sent, sent + this.mode.bytes));
      sent += this.mode.bytes;
      await sleep(this.mode.ms);
    }
    if (sent < chunk.length && !this.client.destroyed) {
      this.client.write(chunk.subarray(sent));
    }
  }
}

function answerText(status: number, headers: Record<string, string>): string {
  const all = { 'content-length': '0', connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Injected\r\n${lines.join('')}\r\n`;
}
