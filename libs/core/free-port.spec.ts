import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { findFreePort } from './free-port.js';

const HOST = '127.0.0.1';

it('finds a port on which a server can listen', async () => {
  const port = await findFreePort({ host: HOST });
  const server = createServer().listen(port, HOST);
  await once(server, 'listening');
  await expect(findFreePort({ host: HOST, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await once(server.close(), 'close');
  expect(await findFreePort({ host: HOST, port })).toBe(port);
});
