import { mailbox, smtpPassword, smtpUrl } from '../parse/mail.js';
import { filePath } from '../parse/scalars.js';
import type { Variables } from './variable.js';

export const mailVariables = {
  SMTP_URL: {
    comment:
      'The mail server: smtps:// (port 465) or smtp:// with STARTTLS (port 587). Special characters of user and password must be percent-encoded. In production smtp:// needs STARTTLS unless the URL ends with ?tls=optional or ?tls=off. If unset, development prints mails to the log, and production sends none.',
    parse: smtpUrl,
    sample: 'smtp://user:password@smtp.example.com:587',
    commentedOut: true,
    secretsIn: smtpPassword,
    readBy: ['identity-provider'],
  },
  MAIL_FROM: {
    comment: 'The sender of all mails.',
    parse: mailbox,
    default: { development: 'Twinkey <no-reply@localhost>', test: 'Twinkey <no-reply@localhost>' },
    sample: 'Example <no-reply@example.com>',
    commentedOut: true,
    hint: 'set the sender of all mails, such as Example <no-reply@example.com>',
    readBy: ['identity-provider'],
  },
  MAIL_TEMPLATES: {
    comment:
      'A folder with templates that replace those of Twinkey, such as en/verify-email.txt. See docs/mail.md.',
    parse: filePath,
    sample: '/etc/twinkey/mail',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
} satisfies Variables;
