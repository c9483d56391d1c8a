import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { MailOutbox } from '#apps/identity-provider/src/mail/mail-outbox.js';
import { newId } from '#libs/core/ids.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { type MailServer, mailSettingsFor, startMailServer } from '../support/mail-server.js';

/** Two replicas on one database, which send to the same port. */
let idp: TestIdentityProvider;
let replica: TestIdentityProvider;
let port: number;
let server: MailServer | null = null;
const outbox = new MailOutbox();

beforeAll(async () => {
  server = await startMailServer();
  port = server.port;
  const mail = mailSettingsFor(port);
  idp = await startTestIdentityProvider({ mail });
  replica = await startTestIdentityProvider({ mail, databaseUrl: idp.settings.databaseUrl });
});

afterAll(async () => {
  await replica?.close();
  await idp?.close();
});

const serve = async (options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> => {
  await server?.close();
  server = await startMailServer(options, port);
  return server;
};

beforeEach(async () => {
  await idp.database.query('DELETE FROM identity.mail_outbox');
});

afterEach(async () => {
  await server?.close();
  server = null;
});

async function enqueue(count = 1): Promise<string[]> {
  const recipients = Array.from({ length: count }, () => `${newId()}@example.com`);
  await idp.database.transaction(async (tx) => {
    for (const to of recipients) {
      await outbox.enqueue(tx, { kind: 'reset-password', to, language: 'de', values: { token: 'tök&en' } });
    }
  });
  return recipients;
}

const rows = (status: string): Promise<Record<string, unknown>[]> =>
  idp.database.query('SELECT * FROM identity.mail_outbox WHERE status = $1', [status]);
const count = async (status: string) => (await rows(status)).length;

/** Makes queued mails due, instead of waiting for their delay. The leases of running attempts (180 s) stay. */
const makeDue = () =>
  idp.database.query(
    `UPDATE identity.mail_outbox SET next_attempt_at = now()
     WHERE status = 'queued' AND last_error IS NOT NULL AND next_attempt_at BETWEEN now() AND now() + interval '150 seconds'`,
  );

const smtpError = (responseCode: number, message: string) =>
  Object.assign(new Error(message), { responseCode });

it('a recipient that is refused for good concerns that mail alone', async () => {
  const [refused = '', other = ''] = await enqueue(2);
  const running = await serve({
    onRcptTo: ({ address }, _session, callback) =>
      callback(address === refused ? smtpError(550, 'No such\r\nuser') : null),
  });
  await running.next(other);
  await expect
    .poll(() => rows('refused'), { timeout: 10_000 })
    .toMatchObject([
      { recipient: refused, attempts: 1, content: null, last_error: expect.stringContaining('EENVELOPE') },
    ]);
});

it('a temporary refusal is retried with a growing delay', async () => {
  const running = await serve({
    onRcptTo: (_address, _session, callback) => callback(smtpError(451, 'Try later')),
  });
  await enqueue();
  const delays: number[] = [];
  for (let attempts = 1; attempts <= 3; attempts++) {
    // During an attempt it is the lease, which is longer than these delays.
    const delay = async (): Promise<number> => {
      const [row] = await idp.database.query(
        `SELECT extract(epoch FROM next_attempt_at - now())::float8 AS delay FROM identity.mail_outbox
         WHERE attempts = $1 AND last_error LIKE '%451%'`,
        [attempts],
      );
      return row?.delay ?? Number.POSITIVE_INFINITY;
    };
    await expect.poll(delay, { timeout: 10_000 }).toBeLessThan(150);
    delays.push(await delay());
    await makeDue();
  }
  const [first = 0, second = 0, third = 0] = delays;
  expect(first).toBeGreaterThan(20);
  expect(second).toBeGreaterThan(first * 1.5);
  expect(third).toBeGreaterThan(second * 1.5);
  expect(running.mails).toEqual([]);
});

it('a mail that cannot be sent in time is given up, without its link', async () => {
  await server?.close();
  await enqueue();
  await idp.database.query(`UPDATE identity.mail_outbox SET give_up_at = now()`);
  // The review runs every 15 s.
  await expect
    .poll(() => rows('given_up'), { timeout: 25_000, interval: 250 })
    .toMatchObject([{ content: null }]);
}, 40_000);

it('a stalled mail does not delay others', async () => {
  const [stalled = '', ...others] = await enqueue(40);
  const running = await serve({
    onRcptTo: ({ address }, _session, callback) => {
      if (address !== stalled) callback();
    },
  });
  await expect.poll(() => running.mails.length, { timeout: 20_000 }).toBe(others.length);
  expect(running.mails.flatMap(({ to }) => to).toSorted()).toEqual(others.toSorted());
});

it('a server that was away gets everything once it is back', async () => {
  await server?.close();
  const recipients = await enqueue(30);
  await expect
    .poll(async () => (await rows('queued')).some((row) => row['last_error']), { timeout: 10_000 })
    .toBe(true);
  // The pause spares the other mails: only a few were tried.
  const tried = (await rows('queued')).filter((row) => Number(row['attempts']) > 0);
  expect(tried.length).toBeLessThan(recipients.length);
  const running = await serve();
  await expect
    .poll(async () => makeDue().then(() => running.mails.length), { timeout: 30_000, interval: 500 })
    .toBe(30);
  await expect.poll(() => count('sent')).toBe(30);
});

/** The full run has 1,000 mails and takes minutes: `MAILS=1000`. */
const MAILS = Number(process.env['MAILS'] ?? 250);
const DEATHS = MAILS / 25;

it(
  'a server that dies at every step gets each mail, and none twice that it did not accept before it died',
  async () => {
    const recipients = new Set(await enqueue(MAILS));
    const accepted = new Map<string, number>();
    /** Mails that were accepted by a server that died before the answer could arrive. */
    const lostAnswers = new Set<string>();
    const steps = ['mail', 'rcpt', 'data', 'accepted', 'connect'] as const;
    let seen = 0;
    let life = 0;
    let isDead = false;

    const die = async (): Promise<void> => {
      if (isDead) return;
      isDead = true;
      life++;
      await server?.close();
      await sleep(50);
      isDead = false;
      await start();
    };
    /** Dies at another step each time, after some mails. */
    const diesAt = (step: (typeof steps)[number]): boolean =>
      isDead ||
      (life < DEATHS && steps[life % steps.length] === step && (step === 'connect' || seen > life * 20));

    async function start(): Promise<void> {
      server = await startMailServer(
        {
          onConnect: (_session, callback) => (diesAt('connect') ? void die() : callback()),
          onMailFrom: (_address, _session, callback) => (diesAt('mail') ? void die() : callback()),
          onRcptTo: (_address, _session, callback) => (diesAt('rcpt') ? void die() : callback()),
          onData(stream, { envelope }, callback) {
            const to = envelope.rcptTo[0]?.address ?? '';
            if (diesAt('data')) return void die();
            stream.resume();
            stream.on('end', () => {
              accepted.set(to, (accepted.get(to) ?? 0) + 1);
              seen++;
              if (diesAt('accepted')) {
                lostAnswers.add(to);
                return void die();
              }
              callback();
            });
          },
        },
        port,
      );
    }

    await server?.close();
    await start();
    await expect
      .poll(async () => makeDue().then(() => count('sent')), { timeout: MAILS * 400, interval: 500 })
      .toBe(recipients.size);
    expect(life).toBe(DEATHS);
    expect(new Set(accepted.keys())).toEqual(recipients);
    const twice = [...accepted].filter(([, times]) => times > 1).map(([to]) => to);
    expect(twice.filter((to) => !lostAnswers.has(to))).toEqual([]);
    expect(Math.max(...accepted.values())).toBeLessThanOrEqual(2);
  },
  MAILS * 450,
);

it('a replica that stops leaves no mail behind', async () => {
  const running = await serve();
  const third = await startTestIdentityProvider({
    mail: mailSettingsFor(port),
    databaseUrl: idp.settings.databaseUrl,
  });
  const recipients = await enqueue(100);
  await third.close();
  await expect.poll(() => count('sent'), { timeout: 30_000 }).toBe(100);
  expect(running.mails.flatMap(({ to }) => to).toSorted()).toEqual(recipients.toSorted());
}, 60_000);
