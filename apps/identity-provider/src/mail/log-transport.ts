import { Logger } from '@nestjs/common';
import type { AddressedMail } from './smtp-transport.js';

/** Prints mails to the log, for development without a mail server. */
export class LogTransport {
  private readonly logger = new Logger('Mail');

  async send({ recipient, subject, link, text }: AddressedMail): Promise<void> {
    // A warning, so that it is visible at the default log level.
    this.logger.warn({
      msg: 'mail printed, because SMTP_URL is not set',
      to: recipient,
      subject,
      link,
      text,
    });
  }

  close(): void {}
}
