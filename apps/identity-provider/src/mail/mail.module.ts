import { Module } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { textOn } from '../oauth/pages/styles/contrast.js';
import { SETTINGS } from '../settings.js';
import { AccountNotices } from './account-notices.js';
import { MailDelivery } from './mail-delivery.js';
import { MailOutbox } from './mail-outbox.js';
import { MailQueue } from './mail-queue.js';
import { MailRenderer } from './mail-renderer.js';
import { MailTransport } from './mail-transport.js';
import { TemplateFiles } from './template-files.js';

/** `MailOutbox`, `AccountNotices`, and the delivery of what it holds. */
@Module({
  providers: [
    MailOutbox,
    AccountNotices,
    MailQueue,
    MailDelivery,
    {
      provide: MailTransport,
      inject: [SETTINGS],
      useFactory: ({ mail, environment }: IdentityProviderSettings) => new MailTransport(mail, environment),
    },
    {
      provide: MailRenderer,
      inject: [SETTINGS],
      useFactory: ({ mail, signing, brand: { name, color } }: IdentityProviderSettings) =>
        new MailRenderer(
          {
            issuer: signing.issuer,
            brand: { name, color, textColor: textOn(color) },
          },
          new TemplateFiles(mail.templates),
        ),
    },
  ],
  exports: [MailOutbox, AccountNotices, MailTransport],
})
export class MailModule {}
