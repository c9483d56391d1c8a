import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MailKind, MailValues } from '#apps/identity-provider/src/mail/mail-kinds.js';
import { MailOutbox } from '#apps/identity-provider/src/mail/mail-outbox.js';
import { newId } from '#libs/core/ids.js';
import { scrapeMetrics } from '#libs/observability/metrics.js';
import { startTestIdentityProvider, type TestIdentityProvider } from '../support/identity-provider.js';
import { type MailServer, startMailServer } from '../support/mail-server.js';

let server: MailServer;
let idp: TestIdentityProvider;
const outbox = new MailOutbox();

beforeAll(async () => {
  server = await startMailServer();
  idp = await startTestIdentityProvider({ mail: server.settings });
});

afterAll(async () => {
  await idp?.close();
  await server?.close();
});

const address = () => `${newId()}@example.com`;

const send = <K extends MailKind>(
  to: string,
  kind: K,
  values: MailValues[K],
  more: { language?: 'en' | 'de'; expiresAt?: Date; isDiscarded?: boolean } = {},
): Promise<boolean> =>
  idp.database.transaction((tx) => outbox.enqueue(tx, { kind, to, language: 'en', values, ...more }));

const rowsOf = (to: string): Promise<Record<string, unknown>[]> =>
  idp.database.query('SELECT * FROM identity.mail_outbox WHERE recipient = $1 ORDER BY id', [to]);

it('that is given up is counted from 0, so that its alert sees the first one', async () => {
  const metrics = await scrapeMetrics();
  expect(metrics).toContain('twinkey_mails_total{kind="reset-password",outcome="given_up"} 0');
});

describe('a mail', () => {
  it('is sent once its transaction commits, with a link below the issuer', async () => {
    const to = address();
    expect(await send(to, 'verify-email', { token: 'a-token_1' })).toBe(true);
    const mail = await server.next(to);
    const link = 'http://identity-provider.test/verify-email?token=a-token_1';
    expect(mail.link).toBe(link);
    expect(mail.html).toContain(`href="${link}"`);
    expect(mail.text).toContain(to);
    expect(mail.to).toEqual([to]);
    const [row] = await rowsOf(to);
    expect(mail.headers).toMatchObject({
      'message-id': `<${row?.['id']}@twinkey.test>`,
      'auto-submitted': 'auto-generated',
      from: 'Twinkey <no-reply@twinkey.test>',
      to,
    });
  });

  it('is not sent if its transaction is rolled back', async () => {
    const to = address();
    const attempt = idp.database.transaction(async (tx) => {
      await outbox.enqueue(tx, { kind: 'password-changed', to, language: 'en', values: {} });
      throw new Error('rolled back');
    });
    await expect(attempt).rejects.toThrow('rolled back');
    expect(await rowsOf(to)).toEqual([]);
  });

  it('leaves no token in the outbox once it is sent', async () => {
    const to = address();
    await send(to, 'reset-password', { token: 'secret-token' });
    await server.next(to);
    await expect.poll(async () => (await rowsOf(to))[0]?.['status']).toBe('sent');
    expect(JSON.stringify(await rowsOf(to))).not.toContain('secret-token');
  });
});

describe('an address gets at most', () => {
  it('five requested mails an hour, whatever their kind and its case', async () => {
    const to = address();
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        send(index % 2 ? to : to.toUpperCase(), index % 3 ? 'verify-email' : 'reset-password', {
          token: 't',
        }),
      ),
    );
    expect(tries.filter(Boolean)).toHaveLength(5);
  });

  it('five with those that were discarded, which are never sent', async () => {
    const to = address();
    for (let count = 0; count < 5; count++) {
      expect(await send(to, 'reset-password', { token: 't' }, { isDiscarded: true })).toBe(true);
    }
    expect(await send(to, 'reset-password', { token: 't' })).toBe(false);
    const rows = await rowsOf(to);
    expect(rows.map(({ status, content }) => [status, content])).toEqual(Array(5).fill(['discarded', null]));
  });

  it('ten notices besides, and always the one that can undo a new address', async () => {
    const to = address();
    for (let count = 0; count < 5; count++) await send(to, 'reset-password', { token: 't' });
    const notices = await Promise.all(Array.from({ length: 12 }, () => send(to, 'password-changed', {})));
    expect(notices.filter(Boolean)).toHaveLength(10);
    expect(await send(to, 'email-changed', { token: 't', newEmail: address() })).toBe(true);
  });

  it('five again after an hour', async () => {
    const to = address();
    for (let count = 0; count < 5; count++) await send(to, 'reset-password', { token: 't' });
    await idp.database.query(
      `UPDATE identity.mail_outbox SET created_at = created_at - interval '61 minutes' WHERE recipient = $1`,
      [to],
    );
    expect(await send(to, 'reset-password', { token: 't' })).toBe(true);
  });
});

it.each([
  'a@example.com\r\nBcc: evil@example.com',
  'a@example.com, evil@example.com',
  'a@x>\r\nDATA',
  'a',
  '',
])('refuses %j as a recipient', async (to) => {
  await expect(send(to, 'password-changed', {})).rejects.toThrow('one valid address');
});
