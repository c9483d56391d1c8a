import type { Transporter } from 'nodemailer';
import type { Mailbox, SmtpServer } from '#libs/config/parse/mail.js';
import type { RenderedMail } from './mail-renderer.js';

/** How many connections a replica uses: it sends as many mails at a time. */
export const MAX_CONNECTIONS = 5;

/** The whole of one attempt, also against a server that answers a byte at a time. */
const ATTEMPT_TIMEOUT_MS = 60_000;

export interface AddressedMail extends RenderedMail {
  /** A UUID: the same in every attempt, so that a recipient's server can recognize a duplicate. */
  id: string;
  language: string;
  recipient: string;
}

/** nodemailer's options for a server. */
export const smtpOptions = ({ host, port, tls, credentials }: SmtpServer) => ({
  host,
  port,
  secure: tls === 'implicit',
  requireTLS: tls === 'required',
  ignoreTLS: tls === 'off',
  ...(credentials ? { auth: { user: credentials.user, pass: credentials.password } } : {}),
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: 30_000,
  dnsTimeout: 10_000,
  disableFileAccess: true,
  disableUrlAccess: true,
});

/** Sends mails over a pool of connections. The library takes long to load, so the first mail loads it, and not the start. */
export class SmtpTransport {
  private openedPool: Promise<Transporter> | null = null;
  private readonly closing = new AbortController();

  constructor(
    private readonly server: SmtpServer,
    private readonly from: Mailbox,
  ) {}

  /** @throws nodemailer's error, see `mailFailureOf` */
  async send({ id, language, recipient, subject, text, html }: AddressedMail): Promise<void> {
    const pool = await this.pool();
    await pool.sendMail({
      // nodemailer writes to its input, and settings are frozen.
      from: { ...this.from },
      // As an object: a string could name several recipients.
      to: { name: '', address: recipient },
      subject,
      text,
      html,
      messageId: `<${id}@${this.from.address.split('@').at(-1)}>`,
      headers: {
        // RFC 3834: no automatic answers.
        'Auto-Submitted': 'auto-generated',
        'X-Auto-Response-Suppress': 'All',
        'Content-Language': language,
      },
      signal: AbortSignal.any([this.closing.signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
    });
  }

  /** Ends attempts that still run. */
  async close(): Promise<void> {
    this.closing.abort(new Error('The application stops.'));
    const pool = await this.openedPool;
    pool?.close({ force: true });
  }

  private pool(): Promise<Transporter> {
    this.openedPool ??= this.openPool();
    return this.openedPool;
  }

  private async openPool(): Promise<Transporter> {
    const { createTransport } = await import('nodemailer');
    return createTransport({
      ...smtpOptions(this.server),
      pool: true,
      maxConnections: MAX_CONNECTIONS,
      // The outbox repeats attempts. A pool that does it as well could send a mail twice.
      maxRequeues: 0,
      idleTimeout: 30_000,
    });
  }
}
