import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** An application that is listening. */
export interface RunningApp {
  /** `identity-provider`, `user-service`. */
  name: string;
  /** Shown at the terminal: `{ label: 'API', url: 'http://127.0.0.1:8001/api/v1' }`. */
  addresses: { label: string; url: string }[];
  /** Finishes the current requests, and closes the listeners, then database connections and the like. */
  close(): Promise<void>;
}

/** The port cannot be opened. The message is one line and names the port and its setting. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Connections that wait for a busy process to accept them. The system's own limit (`somaxconn`) can be lower. */
const BACKLOG = 4_096;

/**
 * Opens the application's port.
 * @param address.port 0 selects a free port
 * @param address.variable the name of the port's setting, for the error message
 * @returns `http://{host}:{port}` with the port in use, without a trailing slash
 * @throws ListenError if the port is in use or not allowed
 */
export async function listenOn(
  app: NestFastifyApplication,
  { host, port, variable }: { host: string; port: number; variable: string },
): Promise<string> {
  // Nest's listen() would also log the error with its stack.
  await app.init();
  const fastify = app.getHttpAdapter().getInstance();
  try {
    // With a server of our own, Fastify would open only the first address of `localhost`, which may be ::1.
    await fastify.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port, backlog: BACKLOG });
  } catch (error) {
    throw listenError(error, { host, port, variable });
  }
  const { port: bound } = fastify.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
}

/** The error for a port that cannot be opened. @param variable the name of the port's setting */
export function listenError(
  error: unknown,
  { host, port, variable }: { host: string; port: number; variable: string },
): ListenError {
  return new ListenError(explain(error as NodeJS.ErrnoException, { host, port, variable }), { cause: error });
}

function explain(
  { code, message }: NodeJS.ErrnoException,
  { host, port, variable }: { host: string; port: number; variable: string },
): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is taken: stop the program that uses it, or set another port with ${variable}.`;
    case 'EACCES':
      return `Port ${port} cannot be opened by this user: set another port with ${variable}.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `Port ${port} (${variable}) cannot be opened: ${host} is not an address of this machine.`;
    default:
      return `Port ${port} (${variable}) cannot be opened on ${host}: ${code ?? message}.`;
  }
}
