import { breachedPasswordsFile, emailDomains, roleName } from '../parse/registration.js';
import { flag, oneOf } from '../parse/scalars.js';
import { documentUrl } from '../parse/urls.js';
import type { Variables } from './variable.js';

export const registrationVariables = {
  REGISTRATION: {
    comment:
      'Who gets an account: open (everybody signs up), invite (administrators invite), off (administrators create accounts). In production open needs SMTP_URL.',
    parse: oneOf('off', 'invite', 'open'),
    default: { development: 'open', test: 'open', production: 'off' },
    sample: 'off',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
  REGISTRATION_ROLE: {
    comment:
      'The role of people who sign up. If it is unset, it is "user", and nobody can sign up while that role holds a permission.',
    parse: roleName,
    defaultNote: '`user`, as long as it holds no permission',
    sample: 'user',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
  REGISTRATION_EMAIL_DOMAINS: {
    comment:
      'The domains of the email addresses with which people sign up, or that they change theirs to, comma-separated. If it is unset, every domain.',
    parse: emailDomains,
    sample: 'example.com',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
  REQUIRE_VERIFIED_EMAIL: {
    comment: 'Whether only accounts with a verified email can sign in (true or false).',
    parse: flag,
    default: 'false',
    readBy: ['identity-provider'],
  },
  TERMS_URL: {
    comment: 'The terms of use, which the sign-up page links.',
    parse: documentUrl,
    sample: 'https://example.com/terms',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
  BREACHED_PASSWORDS_FILE: {
    comment:
      'A file of breached passwords, which cannot be set any more: their SHA-1 in hexadecimal digits, sorted, one a line, such as HASH:COUNT. It is searched on disk, and may be of any size.',
    parse: breachedPasswordsFile,
    sample: '',
    commentedOut: true,
    readBy: ['identity-provider'],
  },
} satisfies Variables;
