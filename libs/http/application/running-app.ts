import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** An application whose listeners are open. */
export interface RunningApp {
  /** `identity-provider`, `user-service`. */
  name: string;
  /** What a person at the terminal wants to know: `{ label: 'API', url: 'http://127.0.0.1:8001/api/v1' }`. */
  addresses: { label: string; url: string }[];
  /** Closes listeners, then what stands behind them. Requests that are under way are answered first. */
  close(): Promise<void>;
}

/** A port cannot be listened on. Its message is one line that names port and variable. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/**
 * Opens the application's listener.
 * @param address.port 0 takes a free one
 * @param address.variable the setting that holds the port, for the error's line
 * @returns `http://{address}:{port}` as it is bound, without a trailing slash
 * @throws ListenError where the port is taken, or may not be used
 */
export async function listenOn(
  app: NestFastifyApplication,
  { host, port, variable }: { host: string; port: number; variable: string },
): Promise<string> {
  // Nest's own listen() would log the error with its stack as well.
  await app.init();
  const fastify = app.getHttpAdapter().getInstance();
  try {
    await fastify.listen({ host, port });
  } catch (error) {
    throw new ListenError(explain(error as NodeJS.ErrnoException, { host, port, variable }), {
      cause: error,
    });
  }
  // A port of 0 has become a real one.
  const { port: bound } = fastify.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

function explain(
  { code, message }: NodeJS.ErrnoException,
  { host, port, variable }: { host: string; port: number; variable: string },
): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken: stop what listens there, or choose another port with ${variable}.`;
    case 'EACCES':
      return `Port ${port} may not be opened by this user: choose another port with ${variable}.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `Port ${port} (${variable}) cannot be opened on ${host}: it is not an address of this machine.`;
    default:
      return `Port ${port} (${variable}) cannot be opened on ${host}: ${code ?? message}.`;
  }
}
