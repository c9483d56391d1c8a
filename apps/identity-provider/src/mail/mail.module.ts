import { Module } from '@nestjs/common';
import type { IdentityProviderSettings } from '#libs/config/settings.js';
import { SETTINGS } from '../settings.js';
import { MailDelivery } from './mail-delivery.js';
import { MailOutbox } from './mail-outbox.js';
import { MailQueue } from './mail-queue.js';
import { MailRenderer } from './mail-renderer.js';
import { MailTransport } from './mail-transport.js';
import { TemplateFiles } from './template-files.js';

/** `MailOutbox`, and the delivery of what it holds. */
@Module({
  providers: [
    MailOutbox,
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
      useFactory: ({ mail, signing }: IdentityProviderSettings) =>
        new MailRenderer(
          {
            issuer: signing.issuer,
            brand: { name: 'Twinkey', color: '#2b59c3', textColor: '#ffffff' },
          },
          new TemplateFiles(mail.templates),
        ),
    },
  ],
  exports: [MailOutbox, MailTransport],
})
export class MailModule {}
