import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lossOf, record } from './support/ledger.js';
import { Replica } from './support/replica.js';
import { isSuccess, send, tally } from './support/request.js';
import { logIn, openStand, PASSWORD, type Stand } from './support/stand.js';

/** Of the drain in production: for so long a process that is told to end serves on. */
const GRACE_MS = 5_000;
const LOGINS = 6;
const UPLOADS = 94;

let stand: Stand;
let replica: Replica;
beforeAll(async () => {
  stand = await openStand();
  replica = await Replica.start(stand.checkout, 'all', stand.env);
});
afterAll(async () => {
  await replica?.kill();
  await stand?.close();
});

it('SIGTERM with 100 requests under way, most of them until after the grace: none is lost', async () => {
  const accounts = await Promise.all(Array.from({ length: LOGINS }, () => stand.account('user')));
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
    done: `SIGTERM with ${LOGINS} logins and ${UPLOADS} slow uploads under way`,
    lost: lossOf(failures.length + cutOff.length, 'requests'),
    figures: `exit code ${code} after ${ms} ms`,
  });
  expect(tally(failures)).toBe('');
  expect(cutOff).toEqual([]);
  expect(code).toBe(0);
  expect(ms).toBeGreaterThan(GRACE_MS);
  expect(ms).toBeLessThan(25_000);
});

/** Until the listener has closed, with all of them under way. */
async function untilRefused(): Promise<void> {
  const since = performance.now();
  const call = { name: 'late', url: `${replica.userService}/users/me` };
  while ((await send(call)).error !== 'ECONNREFUSED') {
    if (performance.now() - since > 3_000) throw new Error('The listener does not close.');
    await sleep(50);
  }
}

/** The first half of a `PUT /users/me`. @returns sends the rest, and tells the answer's status */
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
