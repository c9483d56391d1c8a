import { expect, it } from 'vitest';
import { ListenError, listenError } from './running-app.js';

it.each([
  ['EADDRINUSE', 'Port 9464 is taken: stop the program that uses it, or set another port with METRICS_PORT.'],
  ['EACCES', 'Port 9464 cannot be opened by this user: set another port with METRICS_PORT.'],
  [
    'EADDRNOTAVAIL',
    'Port 9464 (METRICS_PORT) cannot be opened: 192.0.2.1 is not an address of this machine.',
  ],
  ['EMFILE', 'Port 9464 (METRICS_PORT) cannot be opened on 192.0.2.1: EMFILE.'],
])('%s is explained with the port and its setting', (code, message) => {
  const cause = Object.assign(new Error('listen failed'), { code });
  const error = listenError(cause, { host: '192.0.2.1', port: 9464, variable: 'METRICS_PORT' });
  expect(error).toBeInstanceOf(ListenError);
  expect(error).toMatchObject({ message, cause });
});
