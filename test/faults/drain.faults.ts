import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Replica } from './support/replica.js';
import { lossOf, record } from './support/report.js';
import { isSuccess, send, tally } from './support/request.js';
import { logIn, openTestEnvironment, PASSWORD, type TestEnvironment } from './support/test-environment.js';

/** In production a process continues to serve for this time after SIGTERM. */
const GRACE_MS = 5_000;
const LOGINS = 6;
const UPLOADS = 94;

let environment: TestEnvironment;
let replica: Replica;
beforeAll(async () => {
  environment = await openTestEnvironment();
  replica = await Replica.start(environment.checkout, 'all', environment.env);
});
afterAll(async () => {
  await replica?.kill();
  await environment?.close();
});

it('SIGTERM with 100 running requests, most of which end after the grace period: none is lost', async () => {
  const accounts = await Promise.all(Array.from({ length: LOGINS }, () => environment.account('user')));
  const token = await logIn(replica.identityProvider, accounts[0]!);
  const uploads = await Promise.all(Array.from({ length: UPLOADS }, () => beginUpload(token)));
  const logins = accounts.map(({ email }) =>
    send({
      name: 'POST /auth/login',
      method: 'POST',
      url: `${replica.identityProvider}/api/v1/auth/login`,
      body: { email, password: PASSWORD },
    }),
  );
  await sleep(20);
  const stopped = replica.stop();
  await sleep(GRACE_MS);
  await untilRefused();
  const written = await Promise.all(uploads.map((end) => end()));
  const answers = await Promise.all(logins);
  const { code, ms } = await stopped;
  const failures = answers.filter((answer) => !isSuccess(answer));
  const cutOff = written.filter((status) => status !== 200);
  await record({
    scenario: `SIGTERM with ${LOGINS} logins and ${UPLOADS} slow uploads running`,
    lost: lossOf(failures.length + cutOff.length, 'requests'),
    figures: `exit code ${code} after ${ms} ms`,
  });
  expect(tally(failures)).toBe('');
  expect(cutOff).toEqual([]);
  expect(code).toBe(0);
  expect(ms).toBeGreaterThan(GRACE_MS);
  expect(ms).toBeLessThan(25_000);
});

/** Waits until the listener has closed, while all requests are still running. */
async function untilRefused(): Promise<void> {
  const since = performance.now();
  const call = { name: 'late', url: `${replica.userService}/users/me` };
  while ((await send(call)).error !== 'ECONNREFUSED') {
    if (performance.now() - since > 3_000) throw new Error('The listener does not close.');
    await sleep(50);
  }
}

/** Sends the first half of a `PUT /users/me`. @returns a function that sends the rest and returns the status */
async function beginUpload(token: string): Promise<() => Promise<number | string>> {
  const body = JSON.stringify({ settings: { theme: 'dark' } });
  const socket = connect(Number(replica.ports.USER_SERVICE_PORT), '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    answer += chunk;
  });
  const closed = new Promise<number | string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once('end', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0)));
  });
  await once(socket, 'connect');
  socket.write(
    `PUT /users/me HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
  );
  return () => {
    socket.write(body.slice(5));
    return closed;
  };
}
