import type { EnvironmentName } from '#libs/config/environment.js';
import type { MailSettings } from '#libs/config/settings.js';
import { LogTransport } from './log-transport.js';
import { type AddressedMail, SmtpTransport } from './smtp-transport.js';

/** Sends mails by SMTP; without a server prints them to the log, or in production leaves them in the outbox. */
export class MailTransport {
  private readonly transport: SmtpTransport | LogTransport | null;

  constructor({ server, from }: MailSettings, environment: EnvironmentName) {
    if (server && from) this.transport = new SmtpTransport(server, from);
    else this.transport = environment === 'production' ? null : new LogTransport();
  }

  /** False in production without `SMTP_URL`: mails cannot be sent. */
  get isAvailable(): boolean {
    return this.transport !== null;
  }

  /** @throws nodemailer's error */
  async send(mail: AddressedMail): Promise<void> {
    if (!this.transport) throw new Error('SMTP_URL is not set');
    await this.transport.send(mail);
  }

  async close(): Promise<void> {
    await this.transport?.close();
  }
}
