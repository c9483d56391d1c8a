import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-ports.js';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Starts a listener whose `/health/ready` has this status; null: it never answers. */
async function listener(status: number | null): Promise<string> {
  const server = createServer(({ url }, response) => {
    if (status !== null) response.writeHead(url === '/health/ready' ? status : 404).end();
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return String((server.address() as AddressInfo).port);
}

const closedPort = async () => String(await freePort());

async function healthcheck(identityProvider: string, userService: string): Promise<number> {
  const child = spawn(process.execPath, ['bin/healthcheck.mjs'], {
    env: { HOST: '0.0.0.0', PORT: identityProvider, USER_SERVICE_INTERNAL_PORT: userService },
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

describe("the image's health check", () => {
  it('passes if both apps run and are ready', async () => {
    expect(await healthcheck(await listener(200), await listener(200))).toBe(0);
  });

  it('passes if only one app runs and is ready', async () => {
    expect(await healthcheck(await listener(200), await closedPort())).toBe(0);
    expect(await healthcheck(await closedPort(), await listener(200))).toBe(0);
  });

  it('fails if one of them is not ready', async () => {
    expect(await healthcheck(await listener(200), await listener(503))).toBe(1);
    expect(await healthcheck(await listener(503), await listener(200))).toBe(1);
  });

  it('fails if one does not answer', async () => {
    expect(await healthcheck(await listener(200), await listener(null))).toBe(1);
  });

  it('fails if no app runs', async () => {
    expect(await healthcheck(await closedPort(), await closedPort())).toBe(1);
  });
});
