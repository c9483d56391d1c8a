import { requireMail } from './mail.settings.js';
import type { RegistrationSettings } from './settings.js';
import { complete, type SettingsReader } from './settings-reader.js';

const DEFAULT_ROLE = 'user';

export function registrationSettings(reader: SettingsReader): RegistrationSettings | undefined {
  const role = reader.optional('REGISTRATION_ROLE');
  const mode = reader.required('REGISTRATION');
  if (mode === 'open') requireMail(reader, 'REGISTRATION=open');
  return complete({
    mode,
    role: role === undefined ? undefined : (role ?? DEFAULT_ROLE),
    isRoleNamed: role !== null,
    emailDomains: reader.or('REGISTRATION_EMAIL_DOMAINS', []),
    termsUrl: reader.optional('TERMS_URL'),
    requireVerifiedEmail: reader.required('REQUIRE_VERIFIED_EMAIL'),
  });
}
