import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { expect } from 'vitest';
import type { MailSettings } from '#libs/config/settings.js';
import { parseMail, type ReceivedMail } from './received-mail.js';

/** A real SMTP server on loopback. */
export interface MailServer {
  /** For `startTestIdentityProvider({ mail })`. */
  settings: MailSettings;
  port: number;
  /** The accepted mails, oldest first. */
  mails: ReceivedMail[];
  /** Waits for the next mail to an address that no earlier call has returned. */
  next(to: string): Promise<ReceivedMail>;
  /** The same, and returns the token of its link. */
  nextToken(to: string): Promise<string>;
  /** Closes the listener and every connection at once. */
  close(): Promise<void>;
}

/**
 * Starts a server without TLS, which accepts every mail.
 * @param options of smtp-server, to refuse or to stall
 * @param port the port of an earlier server that was closed
 */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const read = new Set<ReceivedMail>();
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    closeTimeout: 1,
    logger: false,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const recipients = session.envelope.rcptTo.map(({ address }) => address);
        mails.push(parseMail(Buffer.concat(chunks).toString(), recipients));
        callback();
      });
    },
    ...options,
  });
  // A client that disconnects is no fault of the server.
  server.on('error', () => {});
  const listener = server.listen(port, '127.0.0.1');
  if (!listener.listening) await once(listener, 'listening');
  const used = (listener.address() as AddressInfo).port;

  const next = async (to: string): Promise<ReceivedMail> => {
    const find = () => mails.find((mail) => mail.to.includes(to) && !read.has(mail));
    await expect.poll(find, { timeout: 15_000, interval: 50 }).toBeDefined();
    const found = find() as ReceivedMail;
    read.add(found);
    return found;
  };
  return {
    port: used,
    settings: mailSettingsFor(used),
    mails,
    next,
    nextToken: async (to) => {
      const { link } = await next(to);
      return new URL(link).searchParams.get('token') as string;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const connection of server.connections) connection.close();
      await closed;
    },
  };
}

/** Settings for a server on this port of loopback. */
export const mailSettingsFor = (port: number): MailSettings => ({
  server: { host: '127.0.0.1', port, tls: 'optional', credentials: null },
  from: { name: 'Twinkey', address: 'no-reply@twinkey.test' },
  templates: null,
});
